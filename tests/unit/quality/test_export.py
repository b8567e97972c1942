"""Live quality as metrics: by the age of the payments, nothing said that is not known."""

import datetime as dt

from fraudstream.metrics import catalogue
from fraudstream.metrics.board import Board
from fraudstream.ports.quality import DayQuality, FeatureDrift
from fraudstream.quality.export import OLDEST, show_on
from fraudstream.quality.figures import LiveQuality

TODAY = dt.date(2026, 3, 31)


def a_day(age: int, *, frauds: int = 0, caught: int = 0, genuine: int = 0, known: int = 0) -> DayQuality:
    """A day of a hundred payments, as known `known` days after."""
    day = TODAY - dt.timedelta(days=age)
    known_on = day + dt.timedelta(days=known)
    return DayQuality(
        day, known_on, "3", 100, 8, frauds + genuine, frauds, caught, genuine, 10.0 * frauds, 10.0 * caught
    )


def drift(age: int, feature: str, psi: float) -> FeatureDrift:
    return FeatureDrift(TODAY - dt.timedelta(days=age), "3", feature, psi, 600)


def shown(quality: LiveQuality, board: Board | None = None) -> Board:
    board = board or Board("quality")
    show_on(board, quality, now=5.0)
    return board


def test_a_day_is_shown_by_its_age_and_as_it_is_known_last() -> None:
    rows = (a_day(7), a_day(7, frauds=4, caught=2, genuine=2, known=3), a_day(0))
    board = shown(LiveQuality(TODAY, rows))

    assert board.value(catalogue.PRECISION, "3", "7") == 0.5
    assert board.value(catalogue.RECALL, "3", "7") == 0.5
    assert board.value(catalogue.VALUE_RATE, "3", "7") == 0.5
    assert board.value(catalogue.ALERT_RATE, "3", "0") == 0.08
    assert board.value(catalogue.LABELLED, "3", "7") == 6
    assert board.value(catalogue.MEASURED_AT) == 5.0


def test_a_rate_of_nothing_is_not_shown_rather_than_zero() -> None:
    assert shown(LiveQuality(TODAY, (a_day(0),))).value(catalogue.RECALL, "3", "0") is None


def test_what_was_shown_before_is_gone() -> None:
    board = shown(LiveQuality(TODAY, (a_day(1, frauds=1),)))
    shown(LiveQuality(TODAY, (a_day(2, frauds=1),)), board)

    assert board.value(catalogue.RECALL, "3", "1") is None
    assert board.value(catalogue.RECALL, "3", "2") == 0.0


def test_days_that_nothing_is_expected_of_any_more_are_left_out() -> None:
    board = shown(LiveQuality(TODAY, (a_day(OLDEST), a_day(OLDEST + 1))))

    assert board.value(catalogue.PAYMENTS, "3", str(OLDEST)) == 100
    assert board.value(catalogue.PAYMENTS, "3", str(OLDEST + 1)) is None


def test_drift_is_that_of_the_newest_day_compared() -> None:
    compared = (drift(2, "amount", 0.9), drift(1, "score", 0.1), drift(1, "amount", 0.2), drift(2, "score", 0.8))
    board = shown(LiveQuality(TODAY, (), compared))

    assert board.value(catalogue.PSI, "3", "score") == 0.1
    assert board.value(catalogue.PSI, "3", "amount") == 0.2
    assert board.value(catalogue.DRIFT_DAY, "3") == dt.datetime(2026, 3, 30, tzinfo=dt.UTC).timestamp()
