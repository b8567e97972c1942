"""The population stability index: nothing for the same, much for another population, and never infinite."""

import datetime as dt
import math

import numpy as np
import pytest

from fraudstream.features.catalogue import FEATURE_COUNT, FEATURE_NAMES, index_of
from fraudstream.features.events import Floats
from fraudstream.ports.quality import Histogram, VectorSample
from fraudstream.quality.drift import CHANGED, LEFT_OUT, SCORE, SHIFTED, drift_of, population_stability, reference_of

BEGIN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
END = dt.datetime(2026, 3, 8, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 9)
EDGES = (1.0, 2.0)


def histogram(*counts: int) -> Histogram:
    return Histogram(EDGES, counts)


def sample(values: Floats, feature: str = "amount") -> VectorSample:
    """Payments whose vectors differ in one feature; the score is always the same."""
    features = np.zeros((len(values), FEATURE_COUNT))
    features[:, index_of(feature)] = values
    return VectorSample(features, np.full(len(values), 0.25))


def drift(before: Floats, after: Floats) -> float:
    reference = reference_of("1", BEGIN, END, sample(before))
    (amount,) = [row for row in drift_of(DAY, reference, sample(after)) if row.feature == "amount"]
    return amount.psi


def test_the_index_is_the_sum_over_the_bins() -> None:
    """Large counts, so that what is added to each disappears."""
    million = 1_000_000
    index = population_stability(
        histogram(5 * million, 3 * million, 2 * million), histogram(2 * million, 3 * million, 5 * million)
    )

    assert index == pytest.approx(2 * 0.3 * math.log(2.5), abs=1e-6)


def test_the_index_is_the_same_both_ways_and_nothing_for_equal_shares() -> None:
    one, other = histogram(500, 300, 200), histogram(100, 300, 600)

    assert population_stability(one, other) == pytest.approx(population_stability(other, one))
    assert population_stability(one, histogram(5_000, 3_000, 2_000)) == pytest.approx(0, abs=1e-5)


def test_an_empty_bin_is_finite_and_counts() -> None:
    assert CHANGED < population_stability(histogram(500, 500, 0), histogram(250, 250, 500)) < 10


def test_other_bins_are_not_compared() -> None:
    with pytest.raises(ValueError, match="in the same bins only"):
        population_stability(histogram(1, 2, 3), Histogram((5.0,), (1, 2)))


def test_a_reference_has_equal_shares_where_its_values_allow_it() -> None:
    reference = reference_of("1", BEGIN, END, sample(np.random.default_rng(1).normal(size=10_000)))

    assert reference.histograms["amount"].counts == (1_000,) * 10
    assert len(reference.histograms["amount"].edges) == 9


def test_the_same_population_is_stable_and_a_moved_one_is_not() -> None:
    random = np.random.default_rng(2)
    before = random.lognormal(size=20_000)

    assert drift(before, random.lognormal(size=20_000)) < 0.01
    assert SHIFTED < drift(before, random.lognormal(0.4, size=20_000)) < CHANGED
    assert drift(before, random.lognormal(1.0, size=20_000)) > CHANGED


@pytest.mark.parametrize(("before", "after"), [(0.02, 0.3), (0.3, 0.02), (0.95, 0.6)])
def test_a_number_of_few_values_is_compared_by_value(before: float, after: float) -> None:
    """A decile falls on the common value alone; the rare one has a bin of its own all the same."""
    count = 10_000

    def some(share: float) -> Floats:
        return (np.arange(count) < share * count).astype(np.float64)

    assert drift(some(before), some(after)) > CHANGED
    assert drift(some(before), some(before)) == pytest.approx(0, abs=1e-9)


def test_rare_values_below_a_common_one_have_a_bin_of_their_own() -> None:
    """Like days since the last fraud, which is 400 for whoever had none."""
    count = 10_000
    never, days = np.full(count, 400.0), np.arange(count) % 399.0
    before = np.where(np.arange(count) < 100, days, never)
    after = np.where(np.arange(count) < 3_000, days, never)

    assert drift(before, after) > CHANGED


def test_every_feature_is_compared_but_what_the_date_decides() -> None:
    vectors = VectorSample(np.random.default_rng(3).normal(size=(1_000, FEATURE_COUNT)), np.linspace(0, 1, 1_000))
    reference = reference_of("7", BEGIN, END, vectors)
    rows = drift_of(DAY, reference, vectors)

    assert {row.feature for row in rows} == {*FEATURE_NAMES, SCORE} - LEFT_OUT
    assert {(row.day, row.model_version, row.payments) for row in rows} == {(DAY, "7", 1_000)}
    assert [row.psi for row in rows] == pytest.approx([0.0] * len(rows), abs=1e-9)
    assert set(FEATURE_NAMES) >= LEFT_OUT


def test_a_feature_that_the_reference_does_not_know_is_left_out() -> None:
    vectors = sample(np.linspace(0, 1, 100))
    reference = reference_of("7", BEGIN, END, vectors)
    reduced = type(reference)("7", BEGIN, END, {SCORE: reference.histograms[SCORE], "gone": histogram(1, 1, 1)})

    assert [row.feature for row in drift_of(DAY, reduced, vectors)] == [SCORE]


def test_a_reference_needs_payments() -> None:
    with pytest.raises(ValueError, match="needs payments"):
        reference_of("1", BEGIN, END, sample(np.empty(0)))
