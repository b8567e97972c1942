"""Every record is accounted for, whatever becomes of it."""

import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.clock import ManualClock
from fraudstream.contracts.journal import Intent, JournalLine, Outcome, parse_line
from fraudstream.contracts.topics import MAX_MESSAGE_BYTES, TRANSACTIONS
from fraudstream.ports.records import OnDelivery
from fraudstream.producer.journal import Journal
from fraudstream.producer.outgoing import Outgoing
from fraudstream.producer.sending import Sender, Summary


@dataclass
class SilentProducer:
    """A producer whose broker never answers."""

    clock: ManualClock
    _open: list[bytes] = field(default_factory=list)

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
        del topic, key, on_delivery
        self._open.append(value)

    def poll(self) -> None:
        """Nothing was reported."""

    def flush(self, timeout: float) -> int:
        self.clock.sleep(timeout)
        return len(self._open)


def records(*values: bytes) -> list[Outgoing]:
    return [Outgoing(TRANSACTIONS, b"1", value) for value in values]


def lines_of(path: Path) -> list[JournalLine]:
    return [parse_line(line) for line in path.read_bytes().splitlines(keepends=True)]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, started_at=0.0, pid=1, logs={})


def test_what_the_broker_took_is_acknowledged_with_its_place(broker: MemoryBroker, journal: Journal) -> None:
    sender = Sender(MemoryProducer(broker), journal, ManualClock())
    with journal:
        sender.send(records(b"a", b"b"))
        summary = sender.finish(1.0)
    outcomes = [line for line in lines_of(journal.path) if isinstance(line, Outcome)]
    (partition,) = {outcome.partition for outcome in outcomes}

    assert summary == Summary(sent=2, acknowledged=2, failed=0)
    assert summary.exit_status == 0
    assert [(o.sequence, o.status, o.offset) for o in outcomes] == [(0, "acknowledged", 0), (1, "acknowledged", 1)]
    assert [record.value for record in broker.logs[TRANSACTIONS, partition]] == [b"a", b"b"]


def test_an_intent_stands_before_its_record_is_sent(broker: MemoryBroker, journal: Journal) -> None:
    class Watching(MemoryProducer):
        def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
            assert len(lines_of(journal.path)) == 3
            super().send(topic, key=key, value=value, on_delivery=on_delivery)

    with journal:
        Sender(Watching(broker), journal, ManualClock()).send(records(b"a", b"b", b"c"))

    assert sum(len(log) for log in broker.logs.values()) == 3


def test_an_oversize_record_is_refused_journalled_and_spoils_the_exit_status(
    broker: MemoryBroker, journal: Journal
) -> None:
    sender = Sender(MemoryProducer(broker), journal, ManualClock())
    with journal:
        sender.send(records(b"x" * (MAX_MESSAGE_BYTES + 1), b"ok"))
        summary = sender.finish(1.0)
    outcomes = {line.sequence: line for line in lines_of(journal.path) if isinstance(line, Outcome)}

    assert summary == Summary(sent=2, acknowledged=1, failed=1)
    assert summary.exit_status == 1
    assert outcomes[0].status == "failed"
    assert "too large" in str(outcomes[0].error)
    assert "too large" in str(sender.last_error)
    assert outcomes[1].status == "acknowledged"


def test_what_nobody_answers_for_is_unknown_not_failed(journal: Journal) -> None:
    clock = ManualClock()
    sender = Sender(SilentProducer(clock), journal, clock)
    with journal:
        sender.send(records(b"a", b"b"))
        summary = sender.finish(3.0)

    assert (summary.failed, summary.unknown, summary.exit_status) == (0, 2, 1)
    assert all(isinstance(line, Intent) for line in lines_of(journal.path))
    assert sum(clock.slept) == pytest.approx(3.0, abs=0.5)


def test_an_empty_group_leaves_no_trace(broker: MemoryBroker, journal: Journal) -> None:
    sender = Sender(MemoryProducer(broker), journal, ManualClock())
    with journal:
        sender.send([])

    assert journal.path.read_bytes() == b""
    assert sender.finish(1.0).exit_status == 0


def test_a_kill_between_intent_and_outcome_leaves_the_record_unknown(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.clock import ManualClock
from fraudstream.producer.journal import Journal
from fraudstream.producer.outgoing import Outgoing
from fraudstream.producer.sending import Sender

class Dying(MemoryProducer):
    def poll(self):
        os.kill(os.getpid(), signal.SIGKILL)

broker = MemoryBroker()
broker.ensure_topics({"t": 1}, 1)
sender = Sender(Dying(broker), Journal(Path(sys.argv[1]), started_at=0.0, pid=1, logs={}), ManualClock())
sender.send([Outgoing("t", b"1", b"a"), Outgoing("t", b"1", b"b")])
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], timeout=60, check=False)
    (path,) = tmp_path.glob("*.jsonl")
    lines = lines_of(path)

    assert done.returncode == -signal.SIGKILL
    assert [line.sequence if isinstance(line, Intent) else line for line in lines] == [0, 1]
