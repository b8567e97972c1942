"""The alert rule and the choice of its threshold."""

import numpy as np
import pytest

from fraudstream.decisions.policy import AlertCosts, alerts, choose_threshold, threshold_by_budget, threshold_by_cost

PROBABILITY = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
AMOUNT = np.array([100.0, 100.0, 100.0, 3.0, 100.0, 100.0])
FRAUD = np.array([True, False, True, True, False, False])


@pytest.mark.parametrize(
    ("probability", "threshold", "alert"),
    [(0.5, 0.5, True), (np.nextafter(0.5, 0), 0.5, False), (1.0, 1.0, True), (0.0, 1e-9, False), (0.7, 0.5, True)],
)
def test_a_payment_alerts_when_its_probability_reaches_the_threshold(
    probability: float, threshold: float, *, alert: bool
) -> None:
    assert alerts(np.array([probability]), threshold).tolist() == [alert]


def test_the_cheapest_threshold_catches_what_is_worth_its_alerts() -> None:
    """Down to 0.7 two frauds of 100 are caught for three alerts; the fraud of 3 is not worth an alert of 5."""
    assert threshold_by_cost(PROBABILITY, AMOUNT, FRAUD, per_alert=5.0) == 0.7


def test_cheap_alerts_lower_the_threshold_and_dear_ones_raise_it() -> None:
    assert threshold_by_cost(PROBABILITY, AMOUNT, FRAUD, per_alert=1.0) == 0.6
    assert threshold_by_cost(PROBABILITY, AMOUNT, FRAUD, per_alert=60.0) == 0.9


def test_no_alert_at_all_is_cheapest_when_alerts_cost_more_than_fraud() -> None:
    assert threshold_by_cost(PROBABILITY, AMOUNT, FRAUD, per_alert=1_000.0) == 1.0


def test_equal_probabilities_alert_together_or_not_at_all() -> None:
    probability = np.array([0.9, 0.9, 0.9, 0.1])
    fraud = np.array([True, False, False, False])

    assert threshold_by_cost(probability, np.full(4, 25.0), fraud, per_alert=10.0) == 1.0


def test_the_order_of_payments_does_not_matter_for_the_cost() -> None:
    order = np.random.default_rng(3).permutation(6)

    assert threshold_by_cost(PROBABILITY[order], AMOUNT[order], FRAUD[order], per_alert=5.0) == 0.7


@pytest.mark.parametrize(("per_day", "threshold"), [(1.0, 0.8), (1.5, 0.7), (100.0, 0.4)])
def test_the_budget_allows_as_many_alerts_as_can_be_worked(per_day: float, threshold: float) -> None:
    assert threshold_by_budget(PROBABILITY, days=2.0, per_day=per_day) == threshold


def test_the_budget_is_kept_when_probabilities_tie_at_its_edge() -> None:
    probability = np.array([0.9, 0.5, 0.5, 0.5])

    assert threshold_by_budget(probability, days=1.0, per_day=2.0) == 0.9


def test_a_budget_of_nothing_alerts_nothing() -> None:
    assert threshold_by_budget(PROBABILITY, days=1.0, per_day=0.0) == 1.0


def test_the_chosen_threshold_is_the_stricter_of_cost_and_budget() -> None:
    generous = AlertCosts(per_alert=5.0, per_day=100.0)
    tight = AlertCosts(per_alert=5.0, per_day=1.0)

    assert choose_threshold(PROBABILITY, AMOUNT, FRAUD, days=2.0, costs=generous) == 0.7
    assert choose_threshold(PROBABILITY, AMOUNT, FRAUD, days=2.0, costs=tight) == 0.8


def test_without_payments_the_threshold_is_one() -> None:
    empty = np.zeros(0)

    assert choose_threshold(empty, empty, empty.astype(bool), days=7.0, costs=AlertCosts()) == 1.0
