"""`ScoredHistory` on Postgres: one read-only snapshot, rows handed on batch by batch from a cursor of the server."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class

from fraudstream.adapters.database.label_rows import FLOAT64
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.ports.scored_history import Days, ScoredBatch, StoredModel
from fraudstream.ports.slices import Deployment

BATCH = 10_000
"""Payments of one batch."""
LIMITS = "SET LOCAL statement_timeout = '120s'; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off"

ACTIVE = "SELECT deployment_id, model_version, digest, catalogue_version, threshold FROM deployments WHERE active"
MODEL = """
SELECT model_version, digest, threshold, catalogue_version FROM (
    SELECT 1 AS rank, deployment_id AS number, model_version, digest, threshold, catalogue_version FROM deployments
    UNION ALL SELECT 2, challenger_id, model_version, digest, threshold, catalogue_version FROM challengers
) AS known WHERE model_version = %s ORDER BY rank, number DESC LIMIT 1
"""
COUNT = """
SELECT count(*) FROM scored_transactions AS scored JOIN slices ON slices.slice_id = scored.slice_id
WHERE catalogue_version = %(catalogue_version)s
    AND event_time >= to_timestamp(%(begin)s) AND event_time < to_timestamp(%(end)s)
"""
WALK = """
SELECT payment.event_time, payment.amount, payment.features, coalesce(known.is_fraud::int, -1)
FROM (SELECT slice_id, topic_id, partition, first_offset, last_offset FROM slices
      WHERE catalogue_version = %(catalogue_version)s AND rows > 0 ORDER BY slice_id) AS recorded
CROSS JOIN LATERAL (
    SELECT transaction_id, "offset", extract(epoch FROM event_time)::float8 AS event_time, amount,
           CASE octet_length(features) WHEN %(width)s THEN features ELSE %(unfit)s END AS features
    FROM scored_transactions AS scored
    WHERE scored.topic_id = recorded.topic_id AND scored.partition = recorded.partition
        AND scored."offset" BETWEEN first_offset AND last_offset AND scored.slice_id = recorded.slice_id
        AND event_time >= to_timestamp(%(begin)s) AND event_time < to_timestamp(%(end)s)
) AS payment
LEFT JOIN LATERAL (
    SELECT is_fraud FROM labels
    WHERE labels.transaction_id = payment.transaction_id AND label_seq IS NOT NULL ORDER BY label_seq + 0 DESC LIMIT 1
) AS known ON true
ORDER BY recorded.slice_id, payment."offset"
"""
"""`+ 0`: a planner that knows little of the table would search the index of turns backwards, past every label."""


class PostgresScoredHistory:
    """Each snapshot is a connection of its own, and none of them can write; `batch` payments are held at a time."""

    def __init__(self, url: str, *, batch: int = BATCH) -> None:
        self._url = url
        self._batch = batch

    @contextmanager
    def snapshot(self) -> Iterator["PostgresHistorySnapshot"]:
        """See `ScoredHistory.snapshot`."""
        try:
            with closing(connect(self._url, application="fraudstream-backtest")) as connection:
                connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
                with connection.cursor() as cursor:
                    cursor.execute(LIMITS)
                yield PostgresHistorySnapshot(connection, self._batch)
        except psycopg2.Error as error:
            raise TemporarilyUnavailable(f"the history could not be read: {error}") from error


class PostgresHistorySnapshot:
    """`HistorySnapshot` in one open transaction."""

    def __init__(self, connection: Connection, batch: int) -> None:
        self._connection = connection
        self._batch = batch

    def active(self) -> Deployment | None:
        """See `HistorySnapshot.active`."""
        row = self._first(ACTIVE)
        return None if row is None else Deployment(*row)

    def model(self, version: str) -> StoredModel | None:
        """See `HistorySnapshot.model`."""
        row = self._first(MODEL, (version,))
        return None if row is None else StoredModel(*row)

    def artefact(self, digest: str) -> bytes:
        """See `HistorySnapshot.artefact`."""
        row = self._first("SELECT content FROM model_artefacts WHERE digest = %s", (digest,))
        if row is None:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored")
        return bytes(row[0])

    def count(self, catalogue_version: int, days: Days) -> int:
        """See `HistorySnapshot.count`."""
        row = self._first(COUNT, _asked(catalogue_version, days))
        return int(row[0]) if row else 0

    def walk(self, catalogue_version: int, days: Days) -> Iterator[ScoredBatch]:
        """See `HistorySnapshot.walk`."""
        unfit = np.full(FEATURE_COUNT, np.nan, FLOAT64).tobytes()
        asked = _asked(catalogue_version, days) | {"width": FEATURE_COUNT * FLOAT64.itemsize, "unfit": unfit}
        with self._connection.cursor("history") as cursor:
            cursor.execute(WALK, asked)
            while rows := cursor.fetchmany(self._batch):
                yield _batch(rows)

    def _first(self, query: str, values: Mapping[str, object] | Sequence[object] = ()) -> tuple[Any, ...] | None:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _asked(catalogue_version: int, days: Days) -> dict[str, object]:
    return {"catalogue_version": catalogue_version, "begin": days.begin, "end": days.end}


def _batch(rows: list[tuple[Any, ...]]) -> ScoredBatch:
    event_time, amount, features, outcome = zip(*rows, strict=True)
    vectors = np.frombuffer(b"".join(features), FLOAT64).astype(np.float64)
    return ScoredBatch(
        event_time=np.array(event_time, np.float64),
        amount=np.array(amount, np.float64),
        features=vectors.reshape(len(rows), FEATURE_COUNT),
        outcome=np.array(outcome, np.int16),
    )
