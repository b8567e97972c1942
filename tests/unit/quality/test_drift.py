"""The population stability index: nothing for the same, much for another population, and never infinite."""

import datetime as dt

import numpy as np
import pytest

from fraudstream.features.catalogue import FEATURE_COUNT, FEATURES, index_of
from fraudstream.features.events import Floats
from fraudstream.features.stability import CHANGED, SHIFTED, Histogram
from fraudstream.ports.quality import VectorSample
from fraudstream.quality.drift import SCORE, drift_of, reference_of

BEGIN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
END = dt.datetime(2026, 3, 8, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 9)


def sample(values: Floats, feature: str = "amount") -> VectorSample:
    """Payments whose vectors differ in one feature; the score is always the same."""
    features = np.zeros((len(values), FEATURE_COUNT))
    features[:, index_of(feature)] = values
    return VectorSample(features, np.full(len(values), 0.25))


def drift(before: Floats, after: Floats) -> float:
    reference = reference_of("1", BEGIN, END, sample(before))
    (amount,) = [row for row in drift_of(DAY, reference, sample(after)) if row.feature == "amount"]
    return amount.psi


def test_a_reference_has_equal_shares_where_its_values_allow_it() -> None:
    reference = reference_of("1", BEGIN, END, sample(np.arange(10_000.0)))

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


def test_every_feature_is_compared_that_can_be() -> None:
    vectors = VectorSample(np.random.default_rng(3).normal(size=(1_000, FEATURE_COUNT)), np.linspace(0, 1, 1_000))
    reference = reference_of("7", BEGIN, END, vectors)
    rows = drift_of(DAY, reference, vectors)

    assert {row.feature for row in rows} == {SCORE, *(f.name for f in FEATURES if f.comparable == "yes")}
    assert {(row.day, row.model_version, row.payments) for row in rows} == {(DAY, "7", 1_000)}
    assert [row.psi for row in rows] == pytest.approx([0.0] * len(rows), abs=1e-9)


def test_a_feature_that_the_reference_does_not_know_is_left_out() -> None:
    vectors = sample(np.linspace(0, 1, 100))
    reference = reference_of("7", BEGIN, END, vectors)
    reduced = type(reference)(
        "7", BEGIN, END, {SCORE: reference.histograms[SCORE], "gone": Histogram((1.0, 2.0), (1, 1, 1))}
    )

    assert [row.feature for row in drift_of(DAY, reduced, vectors)] == [SCORE]


def test_a_reference_needs_payments() -> None:
    with pytest.raises(ValueError, match="needs payments"):
        reference_of("1", BEGIN, END, sample(np.empty(0)))
