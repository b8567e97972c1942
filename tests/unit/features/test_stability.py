"""The population stability index: nothing for the same, much for another population, and never infinite."""

import math

import numpy as np
import pytest
from tests.unit.features.streams import Paid, columns, memory

from fraudstream.features.catalogue import FEATURE_COUNT, FEATURES, index_of
from fraudstream.features.stability import (
    CHANGED,
    Histogram,
    comparable_columns,
    histogram_of,
    population_stability,
    stability,
)

EDGES = (1.0, 2.0)


def histogram(*counts: int) -> Histogram:
    return Histogram(EDGES, counts)


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


def test_two_samples_are_compared_in_the_bins_of_the_first() -> None:
    random = np.random.default_rng(4)
    before, after = random.normal(size=5_000), random.normal(1.0, size=5_000)
    edges = tuple(np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf").tolist())

    assert stability(before, after) == population_stability(histogram_of(before, edges), histogram_of(after, edges))


def test_what_grows_by_itself_is_not_compared() -> None:
    """A customer who does the same thing for a year: what can be compared says the same in every month."""
    known = memory()
    year = [Paid(hour * 7 * 3_600.0, merchant=hour % 3, device=1) for hour in range(52 * 24)]
    result = known.take(columns(year))
    compared = comparable_columns(result)

    assert {"age_days", "payments_known", "device_age_days", "weekend"}.isdisjoint(compared)
    for name, values in compared.items():
        assert stability(values[400:700], values[-300:]) < CHANGED, name


def test_what_has_decayed_to_nothing_is_nothing() -> None:
    """Two customers who moved once, long ago, differ in how small the memory of it has become, and in nothing else."""
    vectors = np.zeros((2, FEATURE_COUNT))
    vectors[:, index_of("city_changes_1d")] = (2.0**-12, 2.0**-40)

    assert comparable_columns(vectors)["city_changes_1d"].tolist() == [0.0, 0.0]


def test_what_merchants_share_is_not_compared() -> None:
    assert {feature.comparable for feature in FEATURES if feature.source == "merchant's labels"} == {"shared"}
