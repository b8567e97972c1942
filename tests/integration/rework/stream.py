"""A topic of payments on a real broker, scored into a real database, whose quarantine the command line works."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tests.integration.verify.postgres_stack import PostgresStack
from tests.unit.verify.memory_stack import MAX_FUTURE

from fraudstream.adapters.database.ledger_reader import PostgresLedger
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.clock import SystemClock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.slices import LogPart
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import score_slice
from fraudstream.settings import KafkaSettings
from fraudstream.verify.report import Balance
from fraudstream.verify.verification import Verification

PATIENCE = 60.0


@dataclass
class ScoredStream:
    """The log on the broker; everything that is stored of it in the stack's database."""

    kafka: KafkaSettings
    topic: str
    stack: PostgresStack
    journals: Path
    models: ModelCache = field(default_factory=ModelCache)

    def __post_init__(self) -> None:
        self.admin = KafkaAdmin(self.kafka)
        self.admin.ensure_topics({self.topic: 2}, 1)

    def send(self, *values: bytes, key: bytes = b"1") -> list[str]:
        """Append records as a client that keeps no journal does; returns their places."""
        places: list[str] = []
        producer = KafkaProducer(self.kafka)
        for value in values:
            producer.send(
                self.topic,
                key=key,
                value=value,
                on_delivery=lambda delivery: places.append(f"{self.topic}/{delivery.partition}/{delivery.offset}"),
            )
        assert producer.flush(PATIENCE) == 0
        return places

    def score(self) -> None:
        """Take what is new in every partition through one slice."""
        described = self.admin.describe(self.topic)
        with contextlib.closing(PostgresSliceStore(self.stack.url, application="test")) as store:
            for partition, (first, end) in described.bounds.items():
                records = self.admin.read(self.topic, partition, first, end)
                read = LogRecords(
                    offset=np.array([record.offset for record in records], np.int64),
                    log_time=np.array([record.log_time for record in records], np.float64),
                    values=[record.value for record in records],
                )
                part = LogPart(self.topic, described.topic_id, partition, epoch=1)
                if records:
                    score_slice(read_records(read, max_future=MAX_FUTURE), part, store, self.models, label_delay=0.0)

    @contextlib.contextmanager
    def scorer_at_work(self) -> Iterator[None]:
        """Score whatever comes until the end of the block; a new partition may have no leader for a moment."""
        stopped = threading.Event()

        def work() -> None:
            while not stopped.wait(0.02):
                with contextlib.suppress(TemporarilyUnavailable):
                    self.score()

        scorer = threading.Thread(target=work)
        scorer.start()
        try:
            yield
        finally:
            stopped.set()
            scorer.join(PATIENCE)

    def verify(self) -> Balance:
        """The balance of everything, journals included."""
        self.stack.deliver_alerts()
        verification = Verification(
            topic=self.topic,
            ledger=PostgresLedger(self.stack.url),
            reader=self.admin,
            clock=SystemClock(),
            journal_dir=self.journals,
            max_future=MAX_FUTURE,
        )
        return verification.run(seed=0, wait_seconds=0.0)
