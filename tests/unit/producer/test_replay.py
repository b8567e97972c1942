"""Replay sends every line once, in order, at its pace."""

from pathlib import Path

import pytest
from rich.console import Console

from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.producer.journal import Journal
from fraudstream.producer.lines import opened
from fraudstream.producer.pace import Pace
from fraudstream.producer.progress import Progress
from fraudstream.producer.replay import LineReplay
from fraudstream.producer.requests import Requests
from fraudstream.producer.sending import Sender, Summary

LINES = [b'{"user_id":5,"n":%d}' % n for n in range(5_000)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "lines"
    path.write_bytes(b"\n".join(LINES))
    return path


def replay(
    source: Path, broker: MemoryBroker, clock: ManualClock, *, rate: float | None, stop: bool = False
) -> Summary:
    with opened(str(source)) as descriptor, Journal(source.parent, started_at=0.0, pid=1, logs={}) as journal:
        sender = Sender(MemoryProducer(broker), journal, clock)
        progress = Progress(clock, Console(force_terminal=False))
        LineReplay(descriptor, sender, Pace(clock, rate=rate), Requests(stop=stop), progress, clock).run()
        return sender.finish(1.0)


def test_every_line_is_sent_once_and_in_order(source: Path, broker: MemoryBroker) -> None:
    clock = ManualClock()
    summary = replay(source, broker, clock, rate=None)
    (log,) = (log for log in broker.logs.values() if log)

    assert [record.value for record in log] == LINES
    assert {record.topic for record in log} == {TRANSACTIONS}
    assert summary == Summary(5_000, 5_000, 0)
    assert clock.slept == []


def test_a_rate_is_kept(source: Path, broker: MemoryBroker) -> None:
    clock = ManualClock()
    replay(source, broker, clock, rate=1_000.0)

    assert sum(clock.slept) == pytest.approx(5.0, abs=0.02)


def test_a_stop_sends_nothing_more(source: Path, broker: MemoryBroker) -> None:
    assert replay(source, broker, ManualClock(), rate=None, stop=True) == Summary(0, 0, 0)
