"""`TrainingHistory` on Postgres, read batch by batch from a cursor of the server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class

from fraudstream.adapters.database.label_rows import FLOAT64
from fraudstream.adapters.database.matured_scores import PostgresMaturedScores
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT
from fraudstream.ports.matured import Window
from fraudstream.ports.training_history import Extent, PastPayments

BATCH = 10_000
"""Payments in one batch."""
LIMITS = """
SET LOCAL statement_timeout = '600s'; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off;
SET LOCAL cursor_tuple_fraction = 1
"""
OF_WINDOW = """
FROM scored_transactions AS scored
JOIN slices ON slices.slice_id = scored.slice_id AND slices.catalogue_version = %(catalogue_version)s
LEFT JOIN LATERAL (
    SELECT is_fraud FROM labels
    WHERE labels.transaction_id = scored.transaction_id AND label_seq IS NOT NULL
    AND arrived_at <= to_timestamp(%(as_of)s)
    ORDER BY label_seq + 0 DESC LIMIT 1
) AS known ON true
WHERE scored.event_time >= to_timestamp(%(begin)s) AND scored.event_time < to_timestamp(%(end)s)
AND octet_length(features) = %(width)s
"""
EXTENT = f"SELECT count(*), count(*) FILTER (WHERE known.is_fraud) {OF_WINDOW}"
PAYMENTS = f"""
SELECT extract(epoch FROM scored.event_time)::float8, scored.amount, scored.features, coalesce(known.is_fraud, false)
{OF_WINDOW}
AND scored."offset" %% CASE WHEN known.is_fraud THEN %(every_fraud)s ELSE %(every)s END = 0
"""  # noqa: S608 - a text of this file


class PostgresTrainingHistory:
    """Opens a connection for each question; nothing is written."""

    def __init__(self, url: str) -> None:
        self._url = url

    def as_of(self) -> float | None:
        """See `TrainingHistory.as_of`."""
        return PostgresMaturedScores(self._url).as_of()

    def extent(self, window: Window) -> Extent:
        """See `TrainingHistory.extent`."""
        with self._reading() as connection, connection.cursor() as cursor:
            cursor.execute(EXTENT, _asked(window))
            payments, frauds = cursor.fetchone() or (0, 0)
        return Extent(int(payments), int(frauds))

    def payments(self, window: Window, *, every: int = 1, every_fraud: int = 1) -> Iterator[PastPayments]:
        """See `TrainingHistory.payments`."""
        asked = _asked(window) | {"every": every, "every_fraud": every_fraud}
        with self._reading() as connection, connection.cursor("training") as cursor:
            cursor.execute(PAYMENTS, asked)
            while rows := cursor.fetchmany(BATCH):
                yield _batch(rows)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        connection = connect(self._url, application="fraudstream-train")
        try:
            connection.set_session(readonly=True)
            with connection.cursor() as cursor:
                cursor.execute(LIMITS)
            yield connection
        except psycopg2.Error as error:
            raise TemporarilyUnavailable(f"the history could not be read: {error}") from error
        finally:
            connection.close()


def _asked(window: Window) -> dict[str, object]:
    return {
        "begin": window.begin,
        "end": window.end,
        "as_of": window.as_of,
        "catalogue_version": CATALOGUE_VERSION,
        "width": FEATURE_COUNT * FLOAT64.itemsize,
    }


def _batch(rows: list[tuple[Any, ...]]) -> PastPayments:
    event_time, amount, features, fraud = zip(*rows, strict=True)
    vectors = np.frombuffer(b"".join(features), FLOAT64).astype(np.float64)
    return PastPayments(
        event_time=np.array(event_time, np.float64),
        amount=np.array(amount, np.float64),
        features=vectors.reshape(len(rows), FEATURE_COUNT),
        fraud=np.array(fraud, np.bool_),
    )
