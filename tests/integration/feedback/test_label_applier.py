"""The label applier on a real broker and a real database."""

import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from tests.integration.scraping import a_free_port, scraped
from tests.ports.label_worlds import PostgresWorld

from fraudstream.adapters.database.label_store import PostgresLabelStore
from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer
from fraudstream.clock import SystemClock
from fraudstream.contracts.label import Label, encode_label
from fraudstream.contracts.topics import LABELS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.feedback.applier import Applied, LabelApplier
from fraudstream.feedback.consumption import LabelLoop
from fraudstream.ports.labels import LabelledPayment
from fraudstream.ports.records import Record
from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.integration

PATIENCE = 60.0
PAYMENT = LabelledPayment(100, 200, 1_764_000_000.5, 12.5, 3.0)
APPLICATION = "fraudstream-label-applier"


@dataclass
class Bench:
    """A topic of labels, a database with scored payments, and appliers on both."""

    kafka: KafkaSettings
    world: PostgresWorld
    topic: str
    workers: ThreadPoolExecutor

    def say(self, *numbers: int, is_fraud: bool = True) -> None:
        producer = KafkaProducer(self.kafka)
        for number in numbers:
            arrived = dt.datetime.now(dt.UTC)
            label = Label(transaction_id=uuid.UUID(int=number), user_id=100, is_fraud=is_fraud, arrived_at=arrived)
            producer.send(self.topic, key=b"100", value=encode_label(label))
        assert producer.flush(PATIENCE) == 0

    @contextlib.contextmanager
    def applier_at_work(self, group: str) -> Iterator[None]:
        stopped = threading.Event()
        running = self.workers.submit(self._run, group, stopped)
        try:
            yield
        finally:
            stopped.set()
            running.result(PATIENCE)

    def turns(self) -> int:
        return sum(turn is not None for _, turn, _ in self.world.labels())

    def _run(self, group: str, stopped: threading.Event) -> None:
        admin = KafkaAdmin(self.kafka)
        store = PostgresLabelStore(self.world.url)
        applier = LabelApplier(store, self.topic, admin.describe(self.topic).topic_id, dt.timedelta(days=1))
        consumer = KafkaConsumer(self.kafka, self.topic, group=group)
        with contextlib.closing(consumer), contextlib.closing(store):
            LabelLoop(applier, consumer, admin, SystemClock()).run(stopped.is_set)


@pytest.fixture
def bench(kafka_settings: KafkaSettings, database_url: str, topic: str) -> Iterator[Bench]:
    KafkaAdmin(kafka_settings).ensure_topics({topic: 1}, 1)
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(4) as workers:
        world = PostgresWorld(database_url, stack)
        world.deploy()
        for number in (1, 2, 3):
            world.score(number, PAYMENT)
        yield Bench(kafka_settings, world, topic, workers)


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"


def test_labels_are_applied_as_they_arrive_and_released_when_their_payment_is_scored(bench: Bench) -> None:
    with bench.applier_at_work("first"):
        bench.say(1, 2)
        eventually(lambda: bench.turns() == 2)
        bench.say(9)
        eventually(lambda: len(bench.world.labels()) == 3)
        bench.world.score(9, PAYMENT)
        eventually(lambda: bench.turns() == 3)


def test_an_applier_whose_offset_was_never_committed_applies_nothing_twice(bench: Bench) -> None:
    """A crash between the database's commit and the offset's: the next one reads everything again."""
    with bench.applier_at_work("one"):
        bench.say(1, 2)
        eventually(lambda: bench.turns() == 2)
    before = bench.world.risk(100, 200)

    with bench.applier_at_work("another"):
        bench.say(3)
        eventually(lambda: bench.turns() == 3)

    assert [turn for _, turn, _ in bench.world.labels()] == [1, 2, 3]
    assert bench.world.risk(100, 200) != before


def test_two_appliers_take_turns(bench: Bench) -> None:
    """Two groups read the whole log, as two zombies would."""
    with bench.applier_at_work("one"), bench.applier_at_work("other"):
        for _ in range(5):
            bench.say(1, 2, 3)
        eventually(lambda: bench.turns() == 15)

    assert [turn for _, turn, _ in bench.world.labels()] == list(range(1, 16))


def a_record(number: int, offset: int) -> Record:
    arrived = dt.datetime.now(dt.UTC)
    label = Label(transaction_id=uuid.UUID(int=number), user_id=100, is_fraud=True, arrived_at=arrived)
    return Record("labels", 0, offset, None, encode_label(label), arrived.timestamp())


def test_a_connection_that_was_cut_is_opened_again(bench: Bench) -> None:
    store = PostgresLabelStore(bench.world.url)
    applier = LabelApplier(store, "labels", str(uuid.UUID(int=7)), dt.timedelta(days=1))
    with contextlib.closing(store):
        applier.apply([a_record(1, 0)])
        bench.world.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
            " AND datname = current_database()",
            APPLICATION,
        )

        with pytest.raises(TemporarilyUnavailable, match="not confirmed"):
            applier.apply([a_record(2, 1)])

        assert applier.apply([a_record(2, 1)]) == Applied(turns=1)


def test_a_second_transaction_waits_for_the_first(bench: Bench) -> None:
    """Turns are given one by one, whoever gives them."""
    first, second = PostgresLabelStore(bench.world.url), PostgresLabelStore(bench.world.url)
    applier = LabelApplier(second, "labels", str(uuid.UUID(int=7)), dt.timedelta(days=1))
    with contextlib.closing(first), contextlib.closing(second):
        with first.transaction() as transaction:
            transaction.progress()
            waiting: Future[Applied] = bench.workers.submit(applier.apply, [a_record(1, 0)])
            eventually(lambda: bench.world.run("SELECT pid FROM pg_locks WHERE NOT granted") != [])
            transaction.take_turns(41)

        assert waiting.result(PATIENCE) == Applied(turns=1)
    assert [turn for _, turn, _ in bench.world.labels()] == [42]


def test_the_process_stops_cleanly_on_a_signal(bench: Bench) -> None:
    """It may have something to say before: other tests leave labels in this log, and a busy broker is slow."""
    KafkaAdmin(bench.kafka).ensure_topics({LABELS: 1}, 1)
    port = a_free_port()
    environment = {
        "METRICS_PORT": str(port),
        "KAFKA_BOOTSTRAP_SERVERS": bench.kafka.kafka_bootstrap_servers,
        "DATABASE_URL": bench.world.url,
        "LOG_FORMAT": "json",
    }
    script = "from fraudstream.feedback.main import apply_labels; apply_labels()"
    process = subprocess.Popen(
        [sys.executable, "-c", script], env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    with process:
        assert "metrics" in process.stderr.readline()
        assert "label applier ready" in process.stderr.readline()
        figures = scraped(port, "fraudstream_labels_behind_records")
        process.send_signal(signal.SIGTERM)
        said = [json.loads(line)["level"] for line in process.stderr]
        assert process.wait(PATIENCE) == 0

    assert not {"error", "critical"}.intersection(said), said
    assert figures["fraudstream_labels_far_behind"] == 0
    assert figures["fraudstream_labels_sequence"] >= 0
