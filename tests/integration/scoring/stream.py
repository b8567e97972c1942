"""A topic, a database and Spark between them: what is sent is scored, and can be looked at."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery
from tests.unit.scoring.world import a_model

from fraudstream.adapters.database.scorer_runs import Run, ScorerRuns
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.clock import SystemClock
from fraudstream.features.events import Floats
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.arrays import ScoringModel
from fraudstream.scoring.job import Log, start_scoring
from fraudstream.scoring.positions import starting_offsets
from fraudstream.scoring.task import ScoringTask
from fraudstream.settings import KafkaSettings

PATIENCE = 90.0
"""Seconds to wait for what must happen."""


@dataclass
class ScoredTopic:
    """One topic with its database; `begin` starts a run of the scorer on it."""

    spark: SparkSession
    kafka: KafkaSettings
    database_url: str
    topic: str
    checkpoints: Path
    partitions: int = 2
    queries: list[StreamingQuery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admin = KafkaAdmin(self.kafka)
        self.admin.ensure_topics({self.topic: self.partitions}, 1)
        self.producer = KafkaProducer(self.kafka)
        self.deploy(a_model())

    def deploy(self, model: ScoringModel, *, version: str = "1") -> None:
        """Put a model to work."""
        content = to_bytes(model)
        self.execute("INSERT INTO model_artefacts (digest, content) VALUES (%s, %s)", digest_of(content), content)
        self.execute("UPDATE deployments SET active = false WHERE active")
        self.execute(
            "INSERT INTO deployments (model_name, model_version, digest, catalogue_version, threshold, reason, active)"
            " VALUES ('test', %s, %s, %s, %s, 'test', true)",
            version,
            digest_of(content),
            model.catalogue_version,
            model.threshold,
        )

    def begin(self, *, from_the_beginning: bool = False) -> Run:
        """Start a run: a newer epoch, Spark reading from the positions or, if asked to, from the first records."""
        log = self.admin.describe(self.topic)
        with ScorerRuns(self.database_url, log, SystemClock()) as runs:
            run = runs.begin(host="test", pid=1)
        offsets = starting_offsets(log, {} if from_the_beginning else run.next_offset)
        self.queries.append(
            start_scoring(
                self.spark,
                Log(self.kafka.kafka_bootstrap_servers, self.topic, offsets, 10_000),
                ScoringTask(
                    topic=self.topic,
                    topic_id=log.topic_id,
                    epoch=run.epoch,
                    database_url=self.database_url,
                    slice_rows=500,
                    max_future=86_400.0,
                    label_delay=4 * 86_400.0,
                ),
                checkpoint=str(self.checkpoints / f"{self.topic}-{run.epoch}"),
                trigger_interval_ms=50,
            )
        )
        return run

    def send(self, *values: bytes | None, key: bytes | None = b"1042") -> list[tuple[int, int]]:
        """Send records; returns the partition and offset of each."""
        places: list[tuple[int, int]] = []
        for value in values:
            self.producer.send(
                self.topic,
                key=key,
                value=value,  # type: ignore[arg-type]  # a foreign client may send null
                on_delivery=lambda delivery: places.append((delivery.partition, delivery.offset)),
            )
        assert self.producer.flush(30) == 0
        return places

    def wait(self) -> None:
        """Wait until everything that stands in the log is committed."""
        ends = {partition: end for partition, (_, end) in self.admin.describe(self.topic).bounds.items() if end}
        deadline = time.monotonic() + PATIENCE
        while self.positions() != ends:
            assert time.monotonic() < deadline, f"positions stand at {self.positions()}, the log ends at {ends}"
            for query in self.queries:
                if query.exception() is not None:
                    raise AssertionError(str(query.exception())[:2_000])
            time.sleep(0.05)

    def positions(self) -> dict[int, int]:
        """Next offset of each partition that is not at its beginning."""
        return dict(self.execute("SELECT partition, next_offset FROM positions WHERE next_offset > 0"))  # type: ignore[arg-type]

    def fates(self) -> dict[tuple[int, int], list[str]]:
        """What became of each record that is not a repeat; one word for each place where it stands."""
        rows = self.execute(
            "SELECT partition, \"offset\", 'scored' FROM scored_transactions"
            ' UNION ALL SELECT partition, "offset", reason FROM quarantine'
        )
        found: dict[tuple[int, int], list[str]] = {}
        for partition, offset, fate in rows:
            found.setdefault((int(str(partition)), int(str(offset))), []).append(str(fate))
        return found

    def vectors(self) -> Mapping[str, Floats]:
        """Features of each scored payment by its id, with the score as the last number."""
        rows = self.execute("SELECT transaction_id::text, features, score FROM scored_transactions")
        return {str(id_): np.append(np.frombuffer(bytes(vector), "<f8"), score) for id_, vector, score in rows}  # type: ignore[call-overload]

    def outbox(self, topic: str) -> list[dict[str, object]]:
        """Messages for one topic, read as JSON."""
        rows = self.execute("SELECT value FROM outbox WHERE topic = %s ORDER BY outbox_id", topic)
        return [json.loads(bytes(value)) for (value,) in rows]  # type: ignore[call-overload]

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run one statement in a transaction of its own."""
        opened = contextlib.closing(connect(self.database_url, application="test"))
        with opened as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        """Stop every query; work at hand is finished or undone."""
        for query in self.queries:
            query.stop()
        self.queries.clear()

    @contextlib.contextmanager
    def running(self) -> Iterator["ScoredTopic"]:
        """A run until the end of the block."""
        self.begin()
        try:
            yield self
        finally:
            self.stop()
