"""Following shows every alert once, also one that was overtaken before its commit."""

import datetime as dt
import itertools
import uuid
from dataclasses import replace

from fraudstream.adapters.memory_delivery import MemoryAlerts
from fraudstream.alerting.follow import OVERLAP, alert_lines, follow_alerts
from fraudstream.clock import ManualClock
from fraudstream.contracts.decision import Reason
from fraudstream.ports.delivery import StoredAlert

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def stored(number: int, *, seconds: float | None = None) -> StoredAlert:
    return StoredAlert(
        alert_id=uuid.UUID(int=number),
        transaction_id=uuid.UUID(int=1_000 + number),
        user_id=42,
        amount=1_234.5,
        event_time=NOON,
        score=0.97,
        threshold=0.4,
        reasons=(Reason("amount_ratio", 6.2, 1.8, "6.2 times the usual amount"), Reason("hour", 3, 0.2, "at night")),
        model_version="7",
        status="open",
        created_at=NOON + dt.timedelta(seconds=number if seconds is None else seconds),
        notified=False,
    )


def numbers(alerts: object) -> list[int]:
    return [alert.alert_id.int for alert in alerts]  # type: ignore[attr-defined]


class Growing(MemoryAlerts):
    """A feed to which alerts are added, one list before each look after the first."""

    def __init__(self, alerts: list[StoredAlert], *later: list[StoredAlert]) -> None:
        super().__init__(alerts)
        self.later = iter(later)
        self.looks = 0

    def created_since(self, moment: dt.datetime) -> list[StoredAlert]:
        self.looks += 1
        if self.looks > 1 or not self.alerts:
            self.alerts = [*self.alerts, *next(self.later, [])]
        return list(super().created_since(moment))


def follow(feed: Growing, *, last: int, looks: int) -> list[int]:
    clock = ManualClock()
    return numbers(follow_alerts(feed, last=last, clock=clock, stopping=lambda: len(clock.slept) >= looks))


def test_it_begins_with_the_last_ones_oldest_first() -> None:
    assert follow(Growing([stored(n) for n in range(1, 6)]), last=3, looks=0) == [3, 4, 5]


def test_new_alerts_follow_once_each() -> None:
    feed = Growing([stored(1)], [stored(2), stored(3)], [], [stored(4)])

    assert follow(feed, last=10, looks=6) == [1, 2, 3, 4]


def test_an_alert_that_is_committed_late_is_not_missed() -> None:
    feed = Growing([stored(1, seconds=0)], [stored(2, seconds=30)], [stored(3, seconds=10)])

    assert follow(feed, last=10, looks=4) == [1, 2, 3]


def test_with_none_of_the_last_only_new_ones_are_shown() -> None:
    assert follow(Growing([stored(1), stored(2)], [stored(3)]), last=0, looks=3) == [3]


def test_an_empty_table_is_followed_too() -> None:
    assert follow(Growing([], [stored(1)]), last=10, looks=3) == [1]


def test_a_pause_longer_than_the_overlap_loses_nothing() -> None:
    far = OVERLAP.total_seconds() * 10
    feed = Growing([stored(1)], [stored(2, seconds=far)], [stored(3, seconds=far * 2)])

    assert follow(feed, last=1, looks=4) == [1, 2, 3]


def test_waiting_is_short() -> None:
    clock = ManualClock()
    following = follow_alerts(
        Growing([stored(1)], [stored(2)]), last=0, clock=clock, stopping=lambda: len(clock.slept) > 5
    )

    assert numbers(itertools.islice(following, 1)) == [2]
    assert sum(clock.slept) <= 0.5


def test_an_alert_is_a_line_of_facts_and_a_line_for_each_reason() -> None:
    facts, *reasons = alert_lines(stored(5))

    assert facts == (
        "2026-03-01 12:00:05  score 0.970  1,234.50  customer 42  not notified yet  "
        f"payment {stored(5).transaction_id}  alert 00000000-0000-0000-0000-000000000005"
    )
    assert [line.strip() for line in reasons] == ["6.2 times the usual amount", "at night"]


def test_what_an_alert_turned_out_to_be_is_said() -> None:
    facts, *_ = alert_lines(replace(stored(5), notified=True, status="dismissed"))

    assert "  notified, dismissed  payment " in facts


def test_the_payments_own_time_is_said_where_it_is_another_one() -> None:
    facts, *_ = alert_lines(replace(stored(5), event_time=NOON - dt.timedelta(days=90)))

    assert facts.startswith("2026-03-01 12:00:05  paid 2025-12-01 12:00:00  score 0.970  ")
