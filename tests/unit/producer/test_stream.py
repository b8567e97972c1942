"""The live stream keeps its pace and its limits, and plays a fraud when asked to."""

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest
from rich.console import Console
from structlog.testing import capture_logs

from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.contracts.transaction import parse_transaction
from fraudstream.producer.bookmark import Bookmark, BookmarkKeeper
from fraudstream.producer.journal import Journal
from fraudstream.producer.pace import Pace
from fraudstream.producer.progress import Progress
from fraudstream.producer.requests import Requests
from fraudstream.producer.scripted import ScriptedFrauds, read_scripted
from fraudstream.producer.sending import Sender, Summary
from fraudstream.producer.stream import Limits, LiveStream
from fraudstream.producer.timeline import Timeline
from fraudstream.simulation.city import DEFAULT_START, CityWorld

DAY = 86_400.0
HISTORY = 31
LIVE = DEFAULT_START + HISTORY * DAY


@dataclass
class Stage:
    """A stream on a broker in memory; the clock moves only while the stream rests."""

    world: CityWorld
    broker: MemoryBroker
    folder: Path
    clock: ManualClock = field(default_factory=ManualClock)
    requests: Requests = field(default_factory=Requests)

    def play(self, *, rate: float | None = None, speed: float | None = None, limits: Limits) -> Summary:
        days = islice(self.world.days(), HISTORY, None)
        with Journal(self.folder, started_at=self.clock.now(), pid=1, logs={}) as journal:
            sender = Sender(MemoryProducer(self.broker), journal, self.clock)
            LiveStream(
                timeline=Timeline(days, start=LIVE),
                sender=sender,
                pace=Pace(self.clock, rate=rate, speed=speed, simulated=LIVE),
                limits=limits,
                requests=self.requests,
                frauds=ScriptedFrauds(self.world, self.folder, "run"),
                bookmark=BookmarkKeeper(self.folder, Bookmark(1, 1, 7, LIVE, LIVE), self.clock),
                progress=Progress(self.clock, Console(force_terminal=False)),
                clock=self.clock,
            ).run()
            return sender.finish(1.0)

    def sent(self, topic: str) -> int:
        return sum(end for _, end in self.broker.describe(topic).bounds.values())


@pytest.fixture
def stage(world: CityWorld, broker: MemoryBroker, tmp_path: Path) -> Stage:
    return Stage(world, broker, tmp_path)


def test_a_count_is_kept_exactly(stage: Stage) -> None:
    summary = stage.play(limits=Limits(count=123))

    assert stage.sent(TRANSACTIONS) == 123
    assert stage.sent(LABELS) > 0
    assert summary == Summary(sent=123 + stage.sent(LABELS), acknowledged=summary.sent, failed=0)


def test_seconds_end_the_stream_at_its_rate(stage: Stage) -> None:
    stage.play(rate=50.0, limits=Limits(seconds=4.0))

    assert 195 <= stage.sent(TRANSACTIONS) <= 201
    assert sum(stage.clock.slept) == pytest.approx(4.0, abs=0.02)


def test_a_speed_sends_what_happens_in_that_time(stage: Stage) -> None:
    stage.play(speed=3_600.0, limits=Limits(seconds=48.0))
    days = list(islice(stage.world.days(), HISTORY, HISTORY + 2))

    assert stage.sent(TRANSACTIONS) == pytest.approx(sum(len(day.events) for day in days), abs=3)
    assert stage.sent(LABELS) == pytest.approx(sum(len(day.labels) for day in days), abs=3)


def test_the_simulated_clock_stops_at_the_present(stage: Stage) -> None:
    """A stream that could send a year of payments in a second waits for each once it has reached now."""
    stage.clock = ManualClock(LIVE + DAY / 2)
    with capture_logs() as logged:
        stage.play(limits=Limits(seconds=60.0))
    events = next(islice(stage.world.days(), HISTORY, None)).events

    assert stage.sent(TRANSACTIONS) == (events.event_time <= LIVE + DAY / 2 + 60.0).sum() > 10
    assert ["reached the present" in entry["event"] for entry in logged].count(True) == 1


def test_a_slow_stream_says_nothing_of_the_present(stage: Stage) -> None:
    with capture_logs() as logged:
        stage.play(rate=1.0, speed=60.0, limits=Limits(seconds=3.0))

    assert logged == []


def test_a_stop_ends_the_stream_between_two_groups(stage: Stage) -> None:
    stage.requests.stop = True
    summary = stage.play(limits=Limits())

    assert summary == Summary(0, 0, 0)


def test_each_request_plays_one_fraud_and_notes_when_it_was_sent(stage: Stage) -> None:
    stage.requests.frauds = 2
    stage.play(rate=100.0, limits=Limits(count=400))
    first, second = read_scripted(stage.folder)
    sent = {
        str(parse_transaction(record.value, latest=4e9).transaction.transaction_id): record
        for partition in range(2)
        for record in stage.broker.logs[TRANSACTIONS, partition]
    }

    assert stage.requests.frauds == 0
    assert first.user_id != second.user_id
    for fraud in (first, second):
        assert len(fraud.transaction_ids) == fraud.payments == len(fraud.sent_at)
        assert set(fraud.transaction_ids) <= sent.keys()
        assert {sent[name].key for name in fraud.transaction_ids} == {str(fraud.user_id).encode()}
        assert fraud.sent_at == sorted(fraud.sent_at)
        assert fraud.sent_at[0] == pytest.approx(1_750_000_000.0, abs=10.0)


def test_a_fraud_is_noted_as_far_as_it_was_sent(stage: Stage) -> None:
    stage.requests.frauds = 1
    stage.play(limits=Limits(count=3))
    (fraud,) = read_scripted(stage.folder)

    assert 0 < len(fraud.transaction_ids) <= 3 < fraud.payments
