"""The breaker: hours of UTC, one word in the log, and an order of each customer's alerts that holds."""

import datetime as dt

import pytest
from structlog.testing import capture_logs

from fraudstream.alerting.breaker import Breaker, status_lines, window_of
from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import ALERTS, LABELS
from fraudstream.ports.breaker import HoldStatus, within
from fraudstream.ports.delivery import AlertBudget, OutboxRow

NINE = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC).timestamp()


def row(number: int, key: bytes = b"42", *, topic: str = ALERTS, released: bool = False) -> OutboxRow:
    return OutboxRow(number, topic, key, b"", released)


def held(rows: list[OutboxRow], left: int) -> list[int]:
    return [judged.outbox_id for judged in within(rows, left) if judged.held]


def test_windows_begin_with_the_hours() -> None:
    assert [window_of(NINE + seconds) for seconds in (0, 1, 3_599.5, 3_600)] == [NINE, NINE, NINE, NINE + 3_600]


def test_the_budget_is_that_of_the_clocks_hour() -> None:
    clock = ManualClock(NINE + 30)
    breaker = Breaker(clock, 1_000)

    assert breaker.budget() == AlertBudget(NINE, 1_000)
    clock.sleep(3_600)
    assert breaker.budget() == AlertBudget(NINE + 3_600, 1_000)


def test_a_full_hour_is_told_once() -> None:
    breaker = Breaker(ManualClock(NINE), 2)
    this, following = AlertBudget(NINE, 2), AlertBudget(NINE + 3_600, 2)
    kept_back = within([row(1)], 0)

    with capture_logs() as logs:
        breaker.note([row(1)], this)
        breaker.note(kept_back, this)
        breaker.note(kept_back, this)
        breaker.note(kept_back, following)

    assert [(entry["log_level"], entry["until"]) for entry in logs] == [
        ("warning", "2026-03-01T10:00:00+00:00"),
        ("warning", "2026-03-01T11:00:00+00:00"),
    ]


@pytest.mark.parametrize(("left", "expected"), [(3, []), (2, [3]), (0, [1, 2, 3]), (-1, [1, 2, 3])])
def test_alerts_beyond_what_is_left_are_held(left: int, expected: list[int]) -> None:
    assert held([row(1), row(2), row(3)], left) == expected


def test_rows_keep_their_order() -> None:
    rows = [row(5), row(2, topic=LABELS), row(7)]

    assert [judged.outbox_id for judged in within(rows, 1)] == [5, 2, 7]


def test_nothing_but_alerts_is_held_or_counted() -> None:
    assert held([row(1, topic=LABELS), row(2), row(3, topic=LABELS), row(4)], 1) == [4]


def test_what_a_person_released_is_neither_held_nor_counted() -> None:
    assert held([row(1, b"1", released=True), row(2, b"2"), row(3, b"3")], 1) == [3]


def test_a_customers_released_alert_does_not_overtake_a_held_one() -> None:
    rows = [row(1, b"1"), row(2, b"1", released=True), row(3, b"2", released=True)]

    assert held(rows, 0) == [1, 2]


def test_what_is_held_is_told_with_its_age_and_the_hours_rest() -> None:
    since = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)

    assert status_lines(HoldStatus(1_200, since, 1_000), 1_000) == [
        "1,200 alerts are held, the first of them since 2026-03-01 09:30:00 UTC.",
        "1,000 of 1,000 alerts are published this hour, 0 are left.",
    ]


def test_without_a_budget_the_status_says_so() -> None:
    assert status_lines(HoldStatus(0, None, 0), None) == [
        "No alert is held.",
        "ALERTS_PER_HOUR is not set here: this environment knows no budget.",
    ]
