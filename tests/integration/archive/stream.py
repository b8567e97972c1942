"""A log on a real broker, scored into a real database, with a bucket for its archive."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from tests.integration.verify.postgres_stack import PostgresStack
from tests.unit.verify.memory_stack import MAX_FUTURE, a_payment

from fraudstream.adapters.aws.bucket import ensure_bucket
from fraudstream.adapters.aws.objects import S3Objects
from fraudstream.adapters.database.archive_reader import PostgresArchiveReader
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.archive.balance import ArchiveBalance
from fraudstream.archive.verification import ArchiveVerification
from fraudstream.contracts.transaction import encode_transaction
from fraudstream.ports.records import Record
from fraudstream.ports.slices import LogPart
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import score_slice
from fraudstream.settings import KafkaSettings

PROCESS = Path(__file__).parent / "archiver_process.py"
PATIENCE = 120.0


class ArchivedStream:
    """One topic of one partition; `environment` is what processes are given beside the inherited one."""

    def __init__(
        self, kafka: KafkaSettings, url: str, name: Callable[[str], str], resources: contextlib.ExitStack
    ) -> None:
        self.kafka, self.url, self.topic, self.bucket = kafka, url, name("payments"), name("archive")
        self.admin = KafkaAdmin(kafka)
        self.admin.ensure_topics({self.topic: 1}, 1)
        self.topic_id = self.admin.describe(self.topic).topic_id
        self.stack = PostgresStack(url, resources)
        self.objects = S3Objects(self.bucket)
        ensure_bucket(self.bucket)
        self.environment: dict[str, str] = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.kafka_bootstrap_servers,
            "DATABASE_URL": url,
            "ARCHIVE_BUCKET": self.bucket,
            "ARCHIVE_ROLL": "0.1",
        }

    def send(self, *numbers: int, bad: int = 0) -> None:
        """Write payments and bad records to the log."""
        producer = KafkaProducer(self.kafka)
        for number in numbers:
            payment = a_payment(number, user_id=number, amount=10.0 + number / 100)
            producer.send(self.topic, key=str(number).encode(), value=encode_transaction(payment))
        for _ in range(bad):
            producer.send(self.topic, key=None, value=b'{"not": "a payment"}\xff')
        assert producer.flush(PATIENCE) == 0

    def score(self) -> None:
        """Take all of the log through one slice, which drops what was taken before."""
        records = self.records()
        values = LogRecords(
            offset=np.array([record.offset for record in records], np.int64),
            log_time=np.array([record.log_time for record in records], np.float64),
            values=[record.value for record in records],
        )
        part = LogPart(self.topic, self.topic_id, 0, epoch=1)
        read = read_records(values, max_future=MAX_FUTURE)
        score_slice(read, part, self.stack._slices, self.stack._models, label_delay=0.0)

    def records(self) -> list[Record]:
        """What the broker holds of the log."""
        first, end = self.admin.describe(self.topic).bounds[0]
        return list(self.admin.read(self.topic, 0, first, end))

    def forget(self, before: int) -> None:
        """Let the broker delete what its retention has passed."""
        client = AdminClient({"bootstrap.servers": self.kafka.kafka_bootstrap_servers})
        for done in client.delete_records([TopicPartition(self.topic, 0, before)]).values():
            done.result(PATIENCE)

    def archive(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the archiver until nothing waits, or until it is killed."""
        return self.run(str(PROCESS), *arguments)

    def command(self, *verb: str) -> subprocess.CompletedProcess[str]:
        """Run `fraudstream archive VERB`."""
        return self.run("-m", "fraudstream", "archive", *verb)

    def said(self) -> dict[str, Any]:
        """What `fraudstream archive verify` finds, with its exit status."""
        done = self.command("verify", "--json")
        balance: dict[str, Any] = json.loads(done.stdout)
        return balance | {"status": done.returncode}

    def balance(self) -> ArchiveBalance:
        return ArchiveVerification(PostgresArchiveReader(self.url), self.objects).run()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @contextlib.contextmanager
    def archiver(self, variables: Mapping[str, str]) -> Any:  # noqa: ANN401 - a context of a process
        """An archiver that runs on; it ends within the time that a stop may take."""
        process = subprocess.Popen(
            [sys.executable, "-m", "fraudstream", "archive", "run"],
            env={**os.environ, **self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)

    def until(self, question: Callable[[], bool], what: str) -> None:
        """Ask until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not question():
            assert time.monotonic() < deadline, what
