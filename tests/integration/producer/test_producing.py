"""The producer as a process on a real broker: its journal and the log agree, however it ends."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.contracts.journal import Intent, Outcome, parse_line
from fraudstream.contracts.topics import LABELS, MAX_MESSAGE_BYTES, TRANSACTIONS
from fraudstream.contracts.transaction import parse_transaction
from fraudstream.ports.records import Record
from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.integration

PATIENCE = 60.0
CITY = ("--customers", "200", "--history-days", "31")


@dataclass
class Bench:
    """A broker, a journal folder, and where the logs stood before the test."""

    admin: KafkaAdmin
    environment: Mapping[str, str]
    journals: Path
    before: Mapping[tuple[str, int], int]

    def produce(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @contextmanager
    def producing(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(self.command(*arguments), env=self.environment, stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "fraudstream", "produce", *arguments]

    def wait_until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)

    def log(self, topic: str) -> dict[tuple[int, int], Record]:
        """What came into the log since the test began, by partition and offset."""
        bounds = self.admin.describe(topic).bounds
        return {
            (partition, record.offset): record
            for partition, (_, end) in bounds.items()
            if end > self.before[topic, partition]
            for record in self.admin.read(topic, partition, self.before[topic, partition], end)
        }

    def journal(self) -> tuple[dict[int, Intent], dict[int, Outcome]]:
        """The whole lines of the only journal, by sequence number."""
        (path,) = self.journals.glob("*.jsonl")
        lines = [parse_line(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        intents = {line.sequence: line for line in lines if isinstance(line, Intent)}
        return intents, {line.sequence: line for line in lines if isinstance(line, Outcome)}

    def acknowledged(self) -> int:
        return len(self.journal()[1]) if any(self.journals.glob("*.jsonl")) else 0


@pytest.fixture
def bench(kafka_settings: KafkaSettings, tmp_path: Path) -> Bench:
    admin = KafkaAdmin(kafka_settings)
    admin.ensure_topics({TRANSACTIONS: 2, LABELS: 1}, 1)
    before = {
        (topic, part): end
        for topic in (TRANSACTIONS, LABELS)
        for part, (_, end) in admin.describe(topic).bounds.items()
    }
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.kafka_bootstrap_servers,
        "JOURNAL_DIR": str(tmp_path / "journal"),
    }
    return Bench(admin, environment, tmp_path / "journal", before)


def digest_of(record: Record) -> str:
    return hashlib.blake2b(record.value or b"", digest_size=16).hexdigest()


def agrees_with_the_log(bench: Bench) -> None:
    """Everything acknowledged stands where it was said to; nothing stands there that was not meant."""
    intents, outcomes = bench.journal()
    logs = {topic: bench.log(topic) for topic in (TRANSACTIONS, LABELS)}
    for sequence, outcome in outcomes.items():
        assert outcome.offset is not None
        record = logs[intents[sequence].topic][outcome.partition, outcome.offset]
        assert digest_of(record) == intents[sequence].value_hash
    meant = {intent.value_hash for intent in intents.values()}
    assert {digest_of(record) for log in logs.values() for record in log.values()} <= meant


def test_a_run_to_its_end_is_acknowledged_record_by_record(bench: Bench) -> None:
    done = bench.produce("--rate", "2000", "--count", "600", *CITY)
    intents, outcomes = bench.journal()
    log = bench.log(TRANSACTIONS)

    assert done.returncode == 0, done.stderr
    assert len(log) == 600
    assert len(bench.log(LABELS)) > 0
    assert outcomes.keys() == intents.keys()
    assert {outcome.status for outcome in outcomes.values()} == {"acknowledged"}
    agrees_with_the_log(bench)
    assert f"sent={len(intents)}" in done.stderr.replace("\x1b[0m", "").replace("\x1b[35m", "").replace("\x1b[36m", "")


def test_payments_of_one_customer_stay_in_one_partition_and_in_order(bench: Bench) -> None:
    bench.produce("--count", "800", *CITY)
    last: dict[bytes | None, tuple[int, float]] = {}
    for (partition, _), record in sorted(bench.log(TRANSACTIONS).items()):
        event_time = parse_transaction(record.value, latest=record.log_time).event_time
        where, when = last.get(record.key, (partition, 0.0))

        assert where == partition
        assert when < event_time
        last[record.key] = (partition, event_time)
    assert len(last) > 100


def test_a_kill_leaves_a_journal_that_agrees_with_the_log(bench: Bench) -> None:
    with bench.producing(*CITY) as process:
        bench.wait_until(lambda: bench.acknowledged() > 2_000)
        process.kill()
        process.wait(timeout=PATIENCE)

    assert bench.acknowledged() > 2_000
    agrees_with_the_log(bench)


def test_a_stop_in_good_order_leaves_nothing_open(bench: Bench) -> None:
    with bench.producing("--rate", "500", *CITY) as process:
        bench.wait_until(lambda: bench.acknowledged() > 100)
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=PATIENCE) == 0
    intents, outcomes = bench.journal()

    assert intents.keys() == outcomes.keys()
    agrees_with_the_log(bench)


def test_a_signal_plays_a_fraud_that_is_in_the_log(bench: Bench) -> None:
    with bench.producing("--rate", "500", *CITY) as process:
        bench.wait_until(lambda: bench.acknowledged() > 100)
        process.send_signal(signal.SIGUSR1)
        bench.wait_until(lambda: any(bench.journals.glob("scripted-*.json")))
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)
    (path,) = bench.journals.glob("scripted-*.json")
    note = json.loads(path.read_bytes())
    ids = {json.loads(record.value or b"")["transaction_id"] for record in bench.log(TRANSACTIONS).values()}

    assert set(note["transaction_ids"]) <= ids
    assert len(note["transaction_ids"]) == len(note["sent_at"]) > 0


def test_a_file_is_sent_as_it_is_and_an_oversize_line_is_told(bench: Bench, tmp_path: Path) -> None:
    lines = [
        b'{"user_id":5}',
        b"not json",
        b"",
        b"y" * (MAX_MESSAGE_BYTES - 1_000),
        b"x" * (MAX_MESSAGE_BYTES + 1),
        b"end",
    ]
    (tmp_path / "lines").write_bytes(b"\n".join(lines))
    done = bench.produce("--file", str(tmp_path / "lines"))
    intents, outcomes = bench.journal()
    sent = sorted(record.value or b"" for record in bench.log(TRANSACTIONS).values())

    assert done.returncode == 1
    assert "not everything was acknowledged" in done.stderr
    assert sent == sorted(line for line in lines if line != lines[4])
    assert len(intents) == len(outcomes) == len(lines)
    assert outcomes[4].status == "failed"
    assert "too large" in str(outcomes[4].error)
