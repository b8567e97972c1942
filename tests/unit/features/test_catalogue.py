"""Every feature of the catalogue, checked as a catalogue: a new feature is tested by being in it."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.features.streams import DAY, Memory, Paid, columns, memory, stream

from fraudstream.features.catalogue import (
    CATALOGUE_VERSION,
    FEATURE_COUNT,
    FEATURE_NAMES,
    FEATURES,
    Feature,
    catalogue_page,
    index_of,
)
from fraudstream.features.events import CATEGORIES, LOCATIONS, EventColumns, Floats

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "features.md"
USERS, MERCHANTS = 5, 20
LARGEST = 1e10
"""No feature may reach this: 10,000 payments of the largest amount at once."""

every_feature = pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)

payments = st.builds(
    Paid,
    at=st.one_of(st.integers(-40, 40), st.integers(0, 5_000_000), st.just(30 * 365 * 86_400)).map(float),
    amount=st.one_of(st.sampled_from([0.0, 0.01, 1e6]), st.floats(0, 1e6).map(lambda amount: round(amount, 2))),
    user=st.integers(0, USERS - 1),
    category=st.integers(-1, len(CATEGORIES) - 1),
    location=st.integers(-1, len(LOCATIONS) - 1),
    merchant=st.integers(-1, MERCHANTS - 1),
    device=st.one_of(st.integers(-1, 5), st.just(2**63 - 1)),
    channel=st.integers(-1, 1),
)
"""Any order of times, absent fields, extreme amounts, decades between."""


def lively() -> EventColumns:
    return stream(1_500, users=USERS, merchants=MERCHANTS)


def with_outcomes() -> Memory:
    """What is known after labels of a whole history, so that label-fed features are not idle."""
    known = memory(USERS, MERCHANTS)
    past = stream(800, users=USERS, merchants=MERCHANTS, seed=9)
    ratio = np.random.default_rng(3).lognormal(0, 1, 800)
    known.label(past, [number % 7 == 0 for number in range(800)], ratio)
    return known


@pytest.fixture(scope="module")
def scored() -> Floats:
    return with_outcomes().take(lively())


@every_feature
def test_is_documented(feature: Feature) -> None:
    assert feature.name.replace("_", "").isalnum()
    assert feature.name.islower()
    assert all([feature.unit, feature.meaning, feature.window, feature.source])
    assert "|" not in feature.meaning


def test_names_are_unique_and_index_the_columns() -> None:
    assert len(set(FEATURE_NAMES)) == FEATURE_COUNT == len(FEATURES)
    assert [index_of(name) for name in FEATURE_NAMES] == list(range(FEATURE_COUNT))
    with pytest.raises(KeyError, match="no_such_feature"):
        index_of("no_such_feature")


def test_the_page_of_documentation_is_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == catalogue_page()
    assert f"catalogue version {CATALOGUE_VERSION}" in catalogue_page()


@every_feature
def test_is_finite_on_a_first_payment(feature: Feature) -> None:
    firsts = [Paid(0, amount=amount, merchant=100, device=device) for amount in (0.0, 20.0, 1e6) for device in (-1, 7)]
    for first in firsts:
        vector = memory().take(columns([first]))[0]

        assert np.isfinite(vector[index_of(feature.name)])


@every_feature
def test_tells_payments_apart(feature: Feature, scored: Floats) -> None:
    assert len(np.unique(scored[:, index_of(feature.name)])) > 1


@every_feature
def test_is_deterministic(feature: Feature, scored: Floats) -> None:
    again = with_outcomes().take(lively())

    assert np.array_equal(again[:, index_of(feature.name)], scored[:, index_of(feature.name)])


@every_feature
def test_is_unchanged_by_later_payments(feature: Feature, scored: Floats) -> None:
    prefix = with_outcomes().take(lively().take(slice(700)))

    assert np.array_equal(prefix[:, index_of(feature.name)], scored[:700, index_of(feature.name)])


@every_feature
def test_is_unchanged_by_other_customers(feature: Feature, scored: Floats) -> None:
    mine = lively().user_id == 3
    alone = with_outcomes().take(lively().take(mine))

    assert np.array_equal(alone[:, index_of(feature.name)], scored[mine, index_of(feature.name)])


@given(events=st.lists(payments, min_size=1, max_size=40))
@settings(deadline=None, max_examples=150)
def test_all_are_finite_and_bounded_whatever_is_paid(events: list[Paid]) -> None:
    known = with_outcomes()
    result = known.take(columns(events))

    assert np.isfinite(result).all()
    assert np.abs(result).max() < LARGEST
    assert np.isfinite(known.state).all()


@given(events=st.lists(payments, min_size=1, max_size=30), cuts=st.lists(st.integers(0, 30), max_size=5))
@settings(deadline=None, max_examples=100)
def test_any_cutting_into_slices_gives_the_same_rows(events: list[Paid], cuts: list[int]) -> None:
    whole, in_parts = with_outcomes(), with_outcomes()
    expected = whole.take(columns(events))
    bounds = sorted({0, len(events), *(cut for cut in cuts if cut < len(events))})
    parts = [in_parts.take(columns(events[low:high])) for low, high in itertools.pairwise(bounds)]

    assert np.array_equal(np.concatenate(parts), expected)
    assert np.array_equal(in_parts.state, whole.state)


def test_the_largest_amount_a_thousand_times_at_once_stays_bounded() -> None:
    known = memory()
    result = known.take(columns([Paid(0, amount=1e6, merchant=number % 100) for number in range(1_000)]))

    assert np.abs(result).max() < LARGEST


def test_half_a_century_later_nothing_but_the_habits_is_left() -> None:
    known = memory()
    known.take(columns([Paid(hour * 600.0, amount=500.0, merchant=hour, device=4) for hour in range(50)]))
    vector = known.take(columns([Paid(50 * 365 * DAY, merchant=4, device=4)]))[0]

    assert np.isfinite(vector).all()
    assert vector[index_of("payments_30d")] == pytest.approx(0.0, abs=1e-9)
    assert vector[index_of("hours_since_last")] == 9_600
