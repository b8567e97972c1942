"""An open page is told which alerts changed, everything where that can't be said, and nothing where time went on."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fraudstream.adapters.database.alert_queue import QueueMark
from fraudstream.dashboard.live import MOST_CHANGED, Pulse
from fraudstream.errors import TemporarilyUnavailable

NOON = dt.datetime(2025, 11, 24, 12, tzinfo=dt.UTC)
ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=2)


@dataclass
class Queue:
    """A queue that stands as it is told."""

    stands: QueueMark = field(default_factory=lambda: QueueMark(NOON, 1, 0, 0, 1))
    named: list[uuid.UUID] = field(default_factory=list)
    away: bool = False

    def mark(self) -> QueueMark:
        if self.away:
            raise TemporarilyUnavailable("away")
        return self.stands

    def changed(self, since: QueueMark) -> Sequence[uuid.UUID]:
        del since
        return self.named


def looked(pulse: Pulse, queue: Queue, *named: uuid.UUID, **changes: Any) -> str:  # noqa: ANN401 - parts of a mark
    """What a page hears that knew everything before the next look; nothing if it is not told anything."""
    seen = pulse.number
    queue.stands, queue.named = replace(queue.stands, **changes), list(named)
    asyncio.run(pulse.look())
    return pulse.event(seen) if pulse.number != seen else ""


def a_pulse() -> tuple[Pulse, Queue]:
    queue = Queue()
    pulse = Pulse(queue)
    asyncio.run(pulse.look())
    return pulse, queue


def test_rows_that_changed_are_named_and_new_ones_once() -> None:
    pulse, queue = a_pulse()

    assert looked(pulse, queue, ONE, recent=2) == f'event: rows\ndata: ["{ONE}"]\n\n'
    assert looked(pulse, queue, ONE, TWO, recent=3) == f'event: rows\ndata: ["{TWO}"]\n\n'
    assert looked(pulse, queue, ONE, TWO, decision_id=1) == f'event: rows\ndata: ["{ONE}","{TWO}"]\n\n'


def test_time_that_goes_on_is_no_news() -> None:
    pulse, queue = a_pulse()
    looked(pulse, queue, ONE, recent=2)

    assert looked(pulse, queue, ONE, recent=1) == ""
    assert looked(pulse, queue, recent=0) == ""


def test_a_page_fetches_everything_where_rows_do_not_say_it() -> None:
    pulse, queue = a_pulse()
    many = [uuid.UUID(int=number) for number in range(10, 11 + MOST_CHANGED)]

    assert pulse.event(-1).startswith("event: mark")
    assert looked(pulse, queue, *many, recent=200).startswith("event: mark")
    assert looked(pulse, queue, ONE, deployment_id=2).startswith("event: mark")


def test_a_page_that_is_behind_hears_of_all_it_missed() -> None:
    pulse, queue = a_pulse()
    seen = pulse.number
    looked(pulse, queue, ONE, recent=2)
    looked(pulse, queue, ONE, TWO, recent=3)

    assert pulse.event(seen) == f'event: rows\ndata: ["{ONE}","{TWO}"]\n\n'


def test_a_lost_database_is_told_and_everything_is_fetched_after_it() -> None:
    pulse, queue = a_pulse()
    queue.away = True
    lost = looked(pulse, queue)
    queue.away = False

    assert lost.startswith("event: trouble")
    assert looked(pulse, queue).startswith("event: mark")
