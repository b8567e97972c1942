"""Figures of an evaluation that can be counted by hand."""

import numpy as np
import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.training.evaluate import Evaluation, ScenarioRecall, better, evaluate, recall_at

NAMES = {1: "card testing, then cash-out", 2: "stolen card", 3: "slow drip"}
PROBABILITY = np.array([0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1, 0.05])
SCENARIO = np.array([1, 0, 1, 2, 0, 2, 0, 0], np.int8)
AMOUNT = np.array([100.0, 1.0, 50.0, 25.0, 1.0, 25.0, 1.0, 1.0])


def measured(threshold: float = 0.65) -> Evaluation:
    return evaluate(PROBABILITY, SCENARIO, AMOUNT, threshold=threshold, scenario_names=NAMES)


def test_ranking_counts_pairs_in_the_right_order() -> None:
    """Of 16 pairs of a fraud and a genuine payment, 12 are in the right order."""
    assert measured().auc == pytest.approx(12 / 16)


def test_average_precision_is_taken_at_each_fraud() -> None:
    assert measured().average_precision == pytest.approx((1 / 1 + 2 / 3 + 3 / 4 + 4 / 6) / 4)


def test_alerts_are_counted_at_the_threshold() -> None:
    figures = measured()

    assert (figures.payments, figures.frauds) == (8, 4)
    assert figures.alert_rate == 3 / 8
    assert figures.precision == 2 / 3
    assert figures.recall == 2 / 4
    assert figures.value_recall == 150 / 200
    assert figures.predicted_frauds == pytest.approx(3.65)


def test_each_kind_of_fraud_has_its_own_recall_and_absent_kinds_have_none() -> None:
    assert measured().by_scenario == (
        ScenarioRecall("card testing, then cash-out", 2, 1.0),
        ScenarioRecall("stolen card", 2, 0.0),
    )


def test_a_threshold_nothing_reaches_gives_no_alerts_and_no_precision() -> None:
    figures = measured(threshold=0.95)

    assert (figures.alert_rate, figures.precision, figures.recall) == (0.0, 0.0, 0.0)


def test_recall_at_a_false_positive_rate_allows_that_share_of_genuine_payments() -> None:
    fraud = SCENARIO > 0

    assert recall_at(PROBABILITY, fraud, 0.0) == 1 / 4
    assert recall_at(PROBABILITY, fraud, 0.25) == 3 / 4
    assert recall_at(PROBABILITY, fraud, 0.5) == 1.0


def test_a_fraud_that_ties_with_the_last_genuine_payment_is_not_above_it() -> None:
    assert recall_at(np.array([0.5, 0.5, 0.1]), np.array([True, False, False]), 0.0) == 0.0


def test_figures_have_names_a_registry_takes() -> None:
    metrics = measured().metrics()

    assert metrics["recall_at_fpr_0.001"] == 1 / 4
    assert metrics["recall_card_testing_then_cash_out"] == 1.0
    assert metrics["predicted_to_actual"] == pytest.approx(3.65 / 4)


def test_the_baseline_is_compared_by_its_ranking() -> None:
    gain = better(measured(), evaluate(-PROBABILITY, SCENARIO, AMOUNT, threshold=0.5, scenario_names=NAMES))

    assert gain["auc_over_baseline"] == pytest.approx(12 / 16 - 4 / 16)


@pytest.mark.parametrize("scenario", [np.zeros(8, np.int8), np.ones(8, np.int8)])
def test_one_class_alone_cannot_be_measured(scenario: np.ndarray) -> None:
    with pytest.raises(ConfigurationError, match="of 8 payments to measure on are fraud"):
        evaluate(PROBABILITY, scenario, AMOUNT, threshold=0.5, scenario_names=NAMES)
