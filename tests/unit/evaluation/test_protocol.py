"""The published protocol on worlds small enough to see: who is trained on, who is measured, who leaves when."""

import datetime as dt

import numpy as np
import pytest
from tests.unit.evaluation.tiny_worlds import START, Paid, days_of, history

from fraudstream.errors import ConfigurationError
from fraudstream.evaluation.handbook_rounds import TEST, VALIDATION, handbook_rounds
from fraudstream.evaluation.protocol import Fold, fold_of, in_order_of_time, split_of
from fraudstream.training.dataset import DAY, History

FOLD = Fold(START)
HONEST, STOLEN = 1, 2
FIRST_MEASURED = 14


def measured(*frauds: Paid) -> list[tuple[int, int]]:
    """Day and card of what is measured, where two cards pay on every day and these payments happen, too."""
    everyday = [Paid(day, card) for day in range(21) for card in (HONEST, STOLEN)]
    world = history([*everyday, *frauds], days=21)
    return days_of(world, split_of(world, FOLD).test)


def days_measured(card: int, *frauds: Paid) -> list[int]:
    return sorted({day for day, who in measured(*frauds) if who == card})


def test_a_week_is_trained_on_a_week_waited_for_and_a_week_measured() -> None:
    world = history([Paid(day, HONEST) for day in range(30)], days=30)
    split = split_of(world, Fold(START + DAY))

    assert split.name == "2018-04-02"
    assert (split.training.start, split.training.stop) == (1, 8)
    assert split.test.tolist() == list(range(15, 22))
    assert split.cut_off == START + 15 * DAY


def test_whoever_is_never_compromised_stays() -> None:
    assert measured() == [(day, card) for day in range(14, 21) for card in (HONEST, STOLEN)]


@pytest.mark.parametrize("day", [0, 3, 6])
def test_a_card_known_as_compromised_from_training_is_not_measured(day: int) -> None:
    assert days_measured(STOLEN, Paid(day, STOLEN, fraud=True)) == []
    assert days_measured(HONEST, Paid(day, STOLEN, fraud=True)) == list(range(14, 21))


@pytest.mark.parametrize("day", [7, 9, 12])
def test_a_fraud_in_the_delay_is_known_a_week_later(day: int) -> None:
    """A fraud at noon is labelled at noon a week later; from the next day on the card is not measured."""
    assert days_measured(STOLEN, Paid(day, STOLEN, fraud=True)) == list(range(14, day + 8))


@pytest.mark.parametrize("day", [13, 14, 20])
def test_a_later_fraud_is_measured(day: int) -> None:
    assert days_measured(STOLEN, Paid(day, STOLEN, fraud=True)) == list(range(14, 21))


def test_a_fraud_before_training_is_forgotten() -> None:
    world = history([Paid(0, STOLEN, fraud=True), *(Paid(day, STOLEN) for day in range(1, 29))], days=29)

    assert len(split_of(world, Fold(START + 7 * DAY)).test) == 7


def test_only_labels_that_arrived_decide_who_leaves() -> None:
    everyday = [Paid(day, STOLEN, fraud=day < 7) for day in range(21)]
    late = history(everyday, days=21, delay=30 * DAY)

    assert len(split_of(late, FOLD).test) == 7


def test_a_fold_outside_the_world_is_refused() -> None:
    world = history([Paid(day, HONEST) for day in range(20)], days=20)

    with pytest.raises(ConfigurationError, match="begins on 2018-04-01 is not within the world"):
        split_of(world, FOLD)


def test_a_fold_in_which_nobody_pays_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="nobody pays in the fold that begins on 2018-04-01"):
        split_of(history([Paid(20, HONEST)], days=21), FOLD)


def test_the_folds_are_the_published_ones_and_those_before() -> None:
    assert [fold.name for fold in TEST] == ["2018-07-25", "2018-08-01", "2018-08-08", "2018-08-15"]
    assert [fold.name for fold in VALIDATION] == ["2018-06-20", "2018-06-27", "2018-07-04", "2018-07-11"]
    assert fold_of(dt.date(2018, 7, 25)).test_start == fold_of(dt.date(2018, 8, 8)).start


@pytest.fixture(scope="module")
def half_a_year() -> History:
    return history([Paid(day, card) for day in range(183) for card in (1, 2)], days=183)


def test_rehearsals_are_labelled_when_their_round_begins(half_a_year: History) -> None:
    for round_ in handbook_rounds(half_a_year, TEST):
        known, _ = half_a_year.known_at(round_.split.cut_off)
        rehearsed = np.concatenate([rehearsal.test for rehearsal in round_.rehearsals])

        assert known[rehearsed].all()
        assert not np.isin(rehearsed, round_.split.test).any()
        assert not known[round_.split.test].any()


def test_what_is_chosen_on_is_labelled_before_anything_that_counts_is_measured(half_a_year: History) -> None:
    known, _ = half_a_year.known_at(TEST[0].test_start)

    assert all(known[split_of(half_a_year, fold).test].all() for fold in VALIDATION)


def test_spans_in_the_order_of_time_keep_everybody() -> None:
    world = history([Paid(day, HONEST, fraud=True) for day in range(10)], days=10)
    split = in_order_of_time(
        world, training=(START + DAY, START + 4 * DAY), test=(START + 6 * DAY, START + 9 * DAY), name="test"
    )

    assert (split.training, split.test.tolist(), split.cut_off) == (slice(1, 4), [6, 7, 8], START + 6 * DAY)


def test_spans_may_not_overlap_nor_be_empty() -> None:
    world = history([Paid(day, HONEST) for day in range(10)], days=10)

    with pytest.raises(ConfigurationError, match="training ends after what is measured begins"):
        in_order_of_time(world, training=(START, START + 5 * DAY), test=(START + 4 * DAY, START + 9 * DAY), name="x")
    with pytest.raises(ConfigurationError, match="nobody pays in one of the spans"):
        in_order_of_time(world, training=(START, START), test=(START + 4 * DAY, START + 9 * DAY), name="x")
