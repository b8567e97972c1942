"""What labels teach, told by the features they feed."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.features.streams import DAY, HOUR, Memory, Paid, columns, memory

from fraudstream.features.catalogue import index_of

SHOP, OTHER = 7, 8
FRAUD, GENUINE = True, False


def after(labels: Sequence[tuple[float, bool]], ratios: Sequence[float] | None = None) -> Memory:
    """What is known after labels of payments at `SHOP`, given by their day and outcome, in the order of arrival."""
    known = memory()
    events = columns([Paid(day * DAY, merchant=SHOP) for day, _ in labels])
    known.label(events, [outcome for _, outcome in labels], None if ratios is None else np.array(ratios))
    return known


def seen(known: Memory, name: str, *, day: float = 10, merchant: int = SHOP, user: int = 1) -> float:
    payment = Paid(day * DAY, merchant=merchant, user=user)
    return float(known.take(columns([payment]))[0, index_of(name)])


def test_a_run_counts_frauds_since_the_newest_genuine_payment() -> None:
    assert seen(after([(0, FRAUD), (1, GENUINE), (2, FRAUD), (3, FRAUD)]), "fraud_run") == 2


def test_a_genuine_payment_after_them_ends_a_run() -> None:
    ended = after([(1, FRAUD), (2, FRAUD), (3, GENUINE)])

    assert seen(ended, "fraud_run") == seen(ended, "unexplained_run") == 0
    assert seen(ended, "run_age_days") == 400


def test_a_genuine_payment_from_before_them_leaves_a_run_as_it_is() -> None:
    """Silence takes a month to count as genuine, so old genuine payments keep arriving during a run."""
    assert seen(after([(1, FRAUD), (2, FRAUD), (0, GENUINE)]), "fraud_run") == 2


def test_a_fraud_from_before_the_newest_genuine_payment_is_no_part_of_a_run() -> None:
    known = after([(3, GENUINE), (1, FRAUD)])

    assert seen(known, "fraud_run") == 0
    assert seen(known, "merchant_days_since_fraud") == 9


def test_a_run_is_as_old_as_its_earliest_payment_whatever_was_labelled_first() -> None:
    assert seen(after([(0, GENUINE), (4, FRAUD), (3, FRAUD), (5, FRAUD)]), "run_age_days") == 7


def test_frauds_with_an_unusual_amount_are_explained_by_it() -> None:
    known = after([(1, FRAUD), (2, FRAUD), (3, FRAUD)], ratios=[2.4, 2.5, 2.6])

    assert seen(known, "fraud_run") == 3
    assert seen(known, "unexplained_run") == 2
    assert seen(known, "merchant_unexplained_10d") < seen(known, "merchant_frauds_10d")


def test_times_since_the_newest_outcomes() -> None:
    known = after([(5, FRAUD), (4, GENUINE), (1, FRAUD)])

    assert seen(known, "merchant_days_since_fraud") == 5
    assert seen(known, "merchant_days_since_genuine") == 6


def test_a_rate_weighs_recent_labels_more_and_the_short_window_most() -> None:
    turned_bad = after([(day, day >= 6) for day in range(10)])

    assert 0.4 < seen(turned_bad, "merchant_fraud_rate_10d") < seen(turned_bad, "merchant_fraud_rate_3d") < 1


def test_frauds_of_a_merchant_fade_by_half_in_ten_days() -> None:
    assert seen(after([(0, FRAUD)]), "merchant_frauds_10d", day=10) == 0.5


@given(labels=st.permutations([(0.5, FRAUD), (1.0, GENUINE), (2.0, FRAUD), (4.0, GENUINE), (9.0, FRAUD)]))
def test_decayed_sums_do_not_depend_on_the_order_of_arrival(labels: list[tuple[float, bool]]) -> None:
    ordered, shuffled = after(sorted(labels)), after(labels)

    for name in ("merchant_frauds_10d", "merchant_fraud_rate_3d", "merchant_fraud_rate_10d", "frauds_30d"):
        assert seen(shuffled, name) == pytest.approx(seen(ordered, name))


@pytest.mark.parametrize("merchant", [OTHER, -1])
def test_labels_of_one_merchant_say_nothing_of_another_or_of_none(merchant: int) -> None:
    known, fresh = after([(1, FRAUD), (2, FRAUD)]), memory()

    for name in ("fraud_run", "merchant_frauds_10d", "merchant_fraud_rate_3d", "merchant_days_since_fraud"):
        assert seen(known, name, merchant=merchant) == seen(fresh, name)


def test_a_merchant_without_labels_is_neutral() -> None:
    fresh = memory()

    assert seen(fresh, "merchant_fraud_rate_3d") == pytest.approx(0.01)
    assert seen(fresh, "run_age_days") == seen(fresh, "merchant_days_since_genuine") == 400


def test_a_confirmed_fraud_is_remembered_of_its_customer_alone() -> None:
    known = after([(4, FRAUD), (2, FRAUD)])

    assert seen(known, "days_since_fraud") == 6
    assert 1.6 < seen(known, "frauds_30d") < 2
    assert seen(known, "days_since_fraud", user=2) == 400


def test_amounts_are_compared_with_confirmed_genuine_ones_from_the_third_on() -> None:
    two, three = ([(day, GENUINE) for day in range(count)] for count in (2, 3))

    assert seen(after(two, [2.0] * 2), "ratio_to_genuine") == 1
    assert seen(after(three, [1.0, 2.0, 3.0]), "ratio_to_genuine") == 0.5


def test_frauds_do_not_count_as_genuine() -> None:
    labels = [(0, GENUINE), (1, GENUINE), (2, GENUINE), (3, FRAUD)]

    assert seen(after(labels, [2.0, 2.0, 2.0, 90.0]), "ratio_to_genuine") == 0.5


def test_a_payment_before_every_label_has_no_negative_times() -> None:
    known = after([(9, FRAUD), (9.5, GENUINE)])

    assert seen(known, "merchant_days_since_fraud", day=1) == 0
    assert seen(known, "merchant_frauds_10d", day=1) <= 1
    assert seen(known, "days_since_fraud", day=9 + HOUR / DAY) == pytest.approx(1 / 24)
