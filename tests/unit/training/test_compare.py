"""Counting in batches comes to what all scores at once would say."""

import itertools
from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from fraudstream.ports.matured import ScoredPairs
from fraudstream.training.compare import BINS, GROUPS, Comparison, Tally, bins, groups_of

THRESHOLDS = (0.5, 0.4)


def some_pairs(seed: int = 3, payments: int = 20_000) -> ScoredPairs:
    """One payment in a hundred is fraud; the champion sees it through more noise than the challenger."""
    random = np.random.default_rng(seed)
    fraud = random.random(payments) < 0.01
    truth = np.where(fraud, 1.0, -6.0)
    champion, challenger = (
        1 / (1 + np.exp(-(truth + noise * random.standard_normal(payments)))) for noise in (3.0, 2.0)
    )
    amount = random.lognormal(3, 1, payments)
    return ScoredPairs(champion, challenger, fraud, random.integers(0, 500, payments), amount)


def cut(pairs: ScoredPairs, *places: int) -> list[ScoredPairs]:
    edges = [0, *places, len(pairs)]
    return [pairs.take(slice(first, end)) for first, end in itertools.pairwise(edges)]


def counted(*batches: ScoredPairs) -> Comparison:
    tally = Tally(*THRESHOLDS)
    for batch in batches:
        tally.add(batch)
    return tally.result()


def test_average_precision_is_the_exact_one_to_a_thousandth() -> None:
    pairs = some_pairs()
    both = counted(pairs)

    for worth, score in ((both.champion, pairs.champion), (both.challenger, pairs.challenger)):
        assert worth.average_precision == pytest.approx(average_precision_score(pairs.fraud, score), abs=1e-3)
    assert both.gain == pytest.approx(both.challenger.average_precision - both.champion.average_precision)
    assert both.gain > 0.1


def test_ties_share_their_precision() -> None:
    fraud = np.array([True, False, False, True])
    pairs = ScoredPairs(np.array([0.9, 0.9, 0.1, 0.1]), np.array([0.9, 0.2, 0.2, 0.9]), fraud, np.arange(4), np.ones(4))
    both = counted(pairs)

    assert both.champion.average_precision == average_precision_score(fraud, pairs.champion) == 0.5
    assert both.challenger.average_precision == 1.0


def test_the_cut_into_batches_means_nothing() -> None:
    pairs = some_pairs()

    whole, pieces = counted(pairs), counted(*cut(pairs, 1, 17, 9_000))
    assert whole.gain == pytest.approx(pieces.gain, abs=1e-12)
    assert asdict(whole.champion) == pytest.approx(asdict(pieces.champion))
    assert asdict(whole.challenger) == pytest.approx(asdict(pieces.challenger))
    assert whole.error == pytest.approx(pieces.error)
    assert (whole.payments, whole.frauds) == (pieces.payments, pieces.frauds) == (20_000, int(pairs.fraud.sum()))


def test_alerts_and_money_are_those_of_each_models_own_threshold() -> None:
    pairs = some_pairs()
    both = counted(pairs)

    for worth, score, threshold in zip(
        (both.champion, both.challenger), (pairs.champion, pairs.challenger), THRESHOLDS, strict=True
    ):
        alert = score >= threshold
        assert worth.alert_rate == alert.mean()
        assert worth.precision == pairs.fraud[alert].mean()
        assert worth.recall == alert[pairs.fraud].mean()
        assert worth.value_recall == pytest.approx(
            pairs.amount[alert & pairs.fraud].sum() / pairs.amount[pairs.fraud].sum()
        )
        assert worth.predicted_frauds == pytest.approx(score.sum())


def test_the_standard_error_is_that_of_repeated_draws() -> None:
    """Over many samples of one world, the gain scatters as much as each sample says of itself, to a quarter."""
    samples = [counted(some_pairs(seed, payments=8_000)) for seed in range(60)]
    scatter = np.std([both.gain for both in samples])

    assert np.mean([both.error for both in samples]) == pytest.approx(scatter, rel=0.25)


def test_what_one_customer_repeats_is_one_observation() -> None:
    """Twice the payments, but of the same customers, say twice as loud what they said before, and no surer."""
    pairs = some_pairs()
    twice = counted(pairs, pairs)

    assert twice.gain == pytest.approx(counted(pairs).gain)
    assert twice.error == pytest.approx(counted(pairs).error)


def test_of_one_customer_nothing_is_sure() -> None:
    pairs = some_pairs()

    assert counted(replace(pairs, user_id=np.zeros(len(pairs), np.int64))).error == float("inf")


def test_customers_are_spread_evenly() -> None:
    for step in (1, 2, 32, 1_000, 1 << 20):
        sizes = np.bincount(groups_of(np.arange(32_000) * step), minlength=GROUPS)
        assert sizes.min() > 700


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -0.1, 1.1])
def test_what_is_no_probability_is_counted_and_compared_with_nothing(odd: float) -> None:
    pairs = some_pairs()
    challenger = pairs.challenger.copy()
    challenger[:3] = odd
    both = counted(replace(pairs, challenger=challenger))
    rest = counted(cut(pairs, 3)[1])

    assert (both.unusable, both.payments) == (3, 20_000)
    assert both.champion.average_precision == rest.champion.average_precision


def test_nothing_but_odd_numbers_is_no_comparison() -> None:
    pairs = some_pairs(payments=100)
    both = counted(replace(pairs, challenger=np.full(100, np.nan)))

    assert (both.unusable, both.frauds, both.constant, both.gain) == (100, 0, False, 0.0)


def test_a_constant_is_seen() -> None:
    pairs = some_pairs(payments=500)

    assert counted(*cut(replace(pairs, challenger=np.full(500, 0.25)), 100)).constant
    assert not counted(pairs).constant
    two = np.full(500, 0.25)
    two[400:] = 0.5
    assert not counted(*cut(replace(pairs, challenger=two), 400)).constant


def test_without_payments_or_frauds_there_is_no_difference() -> None:
    pairs = some_pairs(payments=500)
    nothing, genuine = counted(), counted(replace(pairs, fraud=np.zeros(500, np.bool_)))

    assert (nothing.payments, nothing.frauds, nothing.gain, nothing.constant) == (0, 0, 0.0, False)
    assert (genuine.payments, genuine.frauds, genuine.champion.average_precision) == (500, 0, 0.0)


def test_every_probability_has_its_bin() -> None:
    place = bins(np.array([0.0, 1e-300, 1e-6, 0.5, 1 - 1e-6, 1.0]))

    assert place[0] == place[1] == 0
    assert place[-1] == BINS - 1
    assert (np.diff(place) >= 0).all()
    assert place[3] == (BINS - 1) // 2
