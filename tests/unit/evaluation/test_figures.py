"""Figures that can be counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.evaluation.tiny_worlds import Paid, history

from fraudstream.errors import ConfigurationError
from fraudstream.evaluation.figures import (
    Figures,
    Measured,
    card_precision,
    expected_calibration_error,
    figures_of,
    mean_of,
    measured_rows,
)
from fraudstream.simulation.handbook import START

NAMES = {1: "large amount", 2: "bad terminal", 3: "never seen"}


def paid(day: list[int], card: list[int], scenario: list[int]) -> Measured:
    return Measured(np.array(day), np.array(card), np.array(scenario, np.int8), np.ones(len(day)))


TWO_DAYS = paid(day=[0, 0, 0, 0, 1, 1, 1], card=[1, 2, 2, 3, 1, 2, 3], scenario=[1, 0, 0, 0, 1, 2, 0])
"""Card 1 is compromised on both days, card 2 on the second."""


def test_card_precision_is_of_the_cards_with_the_highest_score_of_a_day() -> None:
    """Card 2 leads the first day by one of its two payments; the second day is won by card 2, too."""
    scores = np.array([0.5, 0.9, 0.1, 0.2, 0.3, 0.9, 0.1])

    assert card_precision(scores, TWO_DAYS, cards=1) == (0 / 1 + 1 / 1) / 2


def test_a_card_that_was_found_is_gone_the_next_day() -> None:
    """Card 1 is found at once; on the second day, though it leads again, card 3 is looked at instead of it."""
    scores = np.array([0.9, 0.5, 0.1, 0.2, 0.9, 0.3, 0.4])

    assert card_precision(scores, TWO_DAYS, cards=1) == (1 / 1 + 0 / 1) / 2


def test_a_card_that_was_looked_at_in_vain_comes_back() -> None:
    scores = np.array([0.1, 0.9, 0.1, 0.2, 0.1, 0.9, 0.2])

    assert card_precision(scores, TWO_DAYS, cards=1) == (0 / 1 + 1 / 1) / 2


def test_perfect_scoring_finds_each_card_once() -> None:
    assert card_precision(TWO_DAYS.fraud.astype(float), TWO_DAYS, cards=1) == 1.0
    assert card_precision(TWO_DAYS.fraud.astype(float), TWO_DAYS, cards=2) == (1 / 2 + 1 / 2) / 2


def test_a_day_with_fewer_cards_than_are_looked_at_counts_as_if_it_had_them() -> None:
    assert card_precision(np.ones(7), TWO_DAYS) == (1 / 100 + 1 / 100) / 2


def test_calibration_error_weighs_each_group_by_its_size() -> None:
    probability = np.array([0.1, 0.2, 0.4, 0.8, 0.9, 1.0])
    fraud = np.array([False, True, False, True, True, True])

    found = expected_calibration_error(probability, fraud, bins=2)

    assert found == pytest.approx((abs(0.7 - 1) + abs(2.7 - 3)) / 6)


def test_groups_are_of_ranks_not_of_places() -> None:
    order = np.array([4, 0, 5, 2, 1, 3])
    probability = np.array([0.1, 0.2, 0.4, 0.8, 0.9, 1.0])
    fraud = np.array([False, True, False, True, True, True])

    assert expected_calibration_error(probability[order], fraud[order], bins=2) == pytest.approx(0.1)


def scored() -> tuple[np.typing.NDArray[np.float64], Measured]:
    """2,000 genuine payments with scores of 0.0000 to 0.1999 and four frauds: two above, one among, one below them."""
    genuine = np.arange(2_000) / 10_000
    scores = np.concatenate([[0.9, 0.8, 0.19895, 0.0], genuine])
    kinds = np.array([1, 2, 2, 2] + [0] * 2_000, np.int8)
    return scores, Measured(np.zeros(2_004, np.int64), np.arange(2_004), kinds, np.ones(2_004))


def test_recall_is_of_frauds_above_the_allowed_share_of_genuine_payments() -> None:
    """One in a thousand is 2 of 2,000, so whatever is above 0.1997 counts; one in 200 is 10, 0.1989 and above."""
    figures = figures_of(*scored(), NAMES)

    assert figures.recall_at_fpr == {"0.001": 0.5, "0.005": 0.75, "0.01": 0.75}


def test_kinds_of_fraud_have_their_own_recall_and_absent_ones_none() -> None:
    assert figures_of(*scored(), NAMES).per_scenario_recall == {"large amount": 1.0, "bad terminal": 1 / 3}


def test_counts_and_ratio_are_of_what_is_measured() -> None:
    scores, measured = scored()
    figures = figures_of(scores, measured, NAMES)

    assert (figures.rows, figures.frauds) == (2_004, 4)
    assert figures.predicted_over_actual == pytest.approx(scores.sum() / 4)
    assert figures.auc == pytest.approx((2_000 + 2_000 + 1_990 + 0.5) / 8_000)
    assert figures.ap == pytest.approx((1 / 1 + 2 / 2 + 3 / 13 + 4 / 2_004) / 4)


def test_perfect_probabilities_are_perfect_in_every_figure() -> None:
    _, measured = scored()
    figures = figures_of(measured.fraud.astype(float), measured, NAMES)

    assert (figures.auc, figures.ap, figures.ece, figures.predicted_over_actual) == (1, 1, 0, 1)
    assert set(figures.recall_at_fpr.values()) == {1.0}


def test_no_fraud_is_no_measurement() -> None:
    with pytest.raises(ConfigurationError, match="0 of 2 payments to measure on are fraud"):
        figures_of(np.array([0.1, 0.2]), paid([0, 0], [1, 2], [0, 0]), NAMES)


def test_the_mean_is_over_folds_and_counts_are_added_up() -> None:
    one = Figures(0.8, 0.6, 0.2, {"0.001": 0.5}, {"a": 0.4, "b": 0.9}, 0.001, 0.9, 100, 3)
    other = replace(one, auc=0.9, recall_at_fpr={"0.001": 0.7}, per_scenario_recall={"a": 0.6}, rows=50, frauds=2)

    mean = mean_of([one, other])

    assert mean.auc == pytest.approx(0.85)
    assert mean.recall_at_fpr == {"0.001": pytest.approx(0.6)}
    assert mean.per_scenario_recall == {"a": pytest.approx(0.5), "b": pytest.approx(0.9)}
    assert (mean.rows, mean.frauds) == (150, 5)


def test_days_and_cards_are_those_of_the_history() -> None:
    world = history([Paid(0, 7), Paid(3, 8, fraud=True), Paid(3, 9)], days=4)
    measured = measured_rows(world, np.array([1, 2]))

    assert world.start == START
    assert (measured.day.tolist(), measured.card.tolist(), measured.fraud.tolist()) == ([3, 3], [8, 9], [True, False])
