"""Verification on a real broker, with a producer's real journal, and as the command that people run."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.integration.verify.postgres_stack import PostgresStack
from tests.unit.verify.memory_stack import MAX_FUTURE, a_payment

from fraudstream.adapters.database.ledger_reader import PostgresLedger
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import MAX_MESSAGE_BYTES, TRANSACTIONS
from fraudstream.ports.slices import LogPart
from fraudstream.producer.journal import Journal
from fraudstream.producer.outgoing import Outgoing, outgoing_payment
from fraudstream.producer.sending import Sender
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import score_slice
from fraudstream.settings import KafkaSettings
from fraudstream.verify.main import verify
from fraudstream.verify.report import Balance
from fraudstream.verify.verification import Verification

pytestmark = pytest.mark.integration

PAYMENTS = 60


@dataclass
class Stream:
    """A topic on a real broker, scored into a real database."""

    kafka: KafkaSettings
    stack: PostgresStack
    topic: str
    journal_dir: Path

    def produce(self) -> None:
        records = [outgoing_payment(a_payment(n, user_id=n % 7, amount=5.0 + n)) for n in range(1, PAYMENTS + 1)]
        records += [
            records[0],
            Outgoing("", b"1", b"not a payment"),
            Outgoing("", b"1", b"x" * (MAX_MESSAGE_BYTES + 1)),
        ]
        clock = SystemClock()
        logs = {self.topic: KafkaAdmin(self.kafka).describe(self.topic).topic_id}
        with Journal(self.journal_dir, started_at=clock.now(), pid=1, logs=logs) as journal:
            sender = Sender(KafkaProducer(self.kafka), journal, clock)
            sender.send([Outgoing(self.topic, *_rest(record)) for record in records])
            sender.finish(30.0)

    def score(self) -> None:
        admin = KafkaAdmin(self.kafka)
        described = admin.describe(self.topic)
        with contextlib.closing(PostgresSliceStore(self.stack.url, application="test")) as store:
            for partition, (first, end) in described.bounds.items():
                records = admin.read(self.topic, partition, first, end) if end > first else []
                values = LogRecords(
                    offset=np.array([record.offset for record in records], np.int64),
                    log_time=np.array([record.log_time for record in records], np.float64),
                    values=[record.value for record in records],
                )
                part = LogPart(self.topic, described.topic_id, partition, epoch=1)
                score_slice(read_records(values, max_future=MAX_FUTURE), part, store, ModelCache(), label_delay=0.0)
        self.stack.deliver_alerts()

    def verify(self) -> Balance:
        verification = Verification(
            topic=self.topic,
            ledger=PostgresLedger(self.stack.url),
            reader=KafkaAdmin(self.kafka),
            clock=SystemClock(),
            journal_dir=self.journal_dir,
            max_future=MAX_FUTURE,
        )
        return verification.run(seed=0, wait_seconds=0.0)


def _rest(record: Outgoing) -> tuple[bytes | None, bytes, str | None, int | None]:
    return record.key, record.value, record.transaction_id, record.body_hash


@pytest.fixture
def stream(kafka_settings: KafkaSettings, database_url: str, topic: str, tmp_path: Path) -> Iterator[Stream]:
    KafkaAdmin(kafka_settings).ensure_topics({topic: 2}, 1)
    with contextlib.ExitStack() as resources:
        yield Stream(kafka_settings, PostgresStack(database_url, resources), topic, tmp_path)


def test_what_a_producer_was_told_is_found_in_log_and_ledger(stream: Stream) -> None:
    stream.produce()
    before = stream.verify()
    stream.score()

    balance = stream.verify()

    assert (before.in_flight, before.lost, before.scored) == (PAYMENTS + 2, 0, 0)
    assert balance.problems == ()
    assert (balance.produced, balance.acknowledged, balance.failed, balance.unknown) == (63, 62, 1, 0)
    assert (balance.log_records, balance.scored, balance.quarantined, balance.repeats_dropped) == (62, 60, 1, 1)
    assert balance.mismatch_checked == PAYMENTS
    assert balance.latency_ms.p50 is not None
    assert balance.latency_ms.p50 > 0


def test_an_acknowledged_payment_that_left_the_ledger_is_lost(stream: Stream) -> None:
    stream.produce()
    stream.score()
    stream.stack.run("DELETE FROM scored_transactions WHERE user_id = 3")

    assert stream.verify().lost == sum(n % 7 == 3 for n in range(1, PAYMENTS + 1))


@pytest.fixture
def command_environment(stream: Stream, monkeypatch: pytest.MonkeyPatch, unique_name: Callable[[str], str]) -> None:
    KafkaAdmin(stream.kafka).ensure_topics({TRANSACTIONS: 2}, 1)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stream.kafka.kafka_bootstrap_servers)
    monkeypatch.setenv("DATABASE_URL", stream.stack.url)
    monkeypatch.setenv("JOURNAL_DIR", str(stream.journal_dir / unique_name("none")))


@pytest.mark.usefixtures("command_environment")
def test_the_command_ends_with_the_line_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    balance = verify(seed=1, wait_seconds=0.0)

    lines = capsys.readouterr().out.splitlines()
    assert any("does not hold" in line for line in lines)
    assert lines[-1] == f"VERIFY {balance.to_json()}"
    assert not balance.holds


@pytest.mark.usefixtures("command_environment")
def test_json_alone_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    balance = verify(wait_seconds=0.0, json_only=True)

    assert json.loads(capsys.readouterr().out)["log_records"] == balance.log_records


@pytest.mark.usefixtures("command_environment")
def test_parity_is_asked_for_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    balance = verify(wait_seconds=0.0, json_only=True, parity=True)

    assert balance.parity
    assert json.loads(capsys.readouterr().out)["parity"] is True
