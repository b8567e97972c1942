"""`MaturedScores` in Postgres, read batch by batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class

from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.matured import ScoredPairs, Window

BATCH = 20_000
"""Payments in one batch."""
LATEST_SLICES = 20
"""Slices whose payments tell the time."""

AS_OF = """
SELECT extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY event_time))::float8
FROM (SELECT topic_id, partition, first_offset, last_offset FROM slices WHERE rows > 0
      ORDER BY slice_id DESC LIMIT %s) AS latest
CROSS JOIN LATERAL (
    SELECT event_time FROM scored_transactions AS scored
    WHERE scored.topic_id = latest.topic_id AND scored.partition = latest.partition
    AND scored."offset" BETWEEN first_offset AND last_offset
) AS payments
"""
PAIRS = """
SELECT scored.score, shadow.score, scored.user_id, scored.amount, coalesce(known.is_fraud, false)
FROM shadow_scores AS shadow
JOIN scored_transactions AS scored USING (topic_id, partition, "offset")
JOIN slices ON slices.slice_id = scored.slice_id
LEFT JOIN LATERAL (
    SELECT is_fraud FROM labels
    WHERE labels.transaction_id = scored.transaction_id AND label_seq IS NOT NULL
    AND arrived_at <= to_timestamp(%(as_of)s)
    ORDER BY label_seq + 0 DESC LIMIT 1
) AS known ON true
WHERE shadow.digest = %(challenger)s
AND slices.deployment_id IN (SELECT deployment_id FROM deployments WHERE digest = %(champion)s)
AND scored.event_time >= to_timestamp(%(begin)s) AND scored.event_time < to_timestamp(%(end)s)
"""
"""The sum keeps the labels from being walked in their order, which without statistics looks cheap and is not."""


class PostgresMaturedScores:
    """Opens a connection for each question; nothing is written."""

    def __init__(self, url: str) -> None:
        self._url = url

    def as_of(self) -> float | None:
        """See `MaturedScores.as_of`."""
        with self._reading() as connection, connection.cursor() as cursor:
            cursor.execute(AS_OF, (LATEST_SLICES,))
            row = cursor.fetchone()
        return None if row is None or row[0] is None else float(row[0])

    def pairs(self, champion: str, challenger: str, window: Window) -> Iterator[ScoredPairs]:
        """See `MaturedScores.pairs`."""
        wanted = {"champion": champion, "challenger": challenger, "as_of": window.as_of}
        wanted |= {"begin": window.begin, "end": window.end}
        with self._reading() as connection, connection.cursor("matured") as cursor:
            cursor.execute(PAIRS, wanted)
            while rows := cursor.fetchmany(BATCH):
                yield _pairs(rows)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        connection = connect(self._url, application="fraudstream-gate")
        try:
            connection.set_session(readonly=True)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET LOCAL statement_timeout = '600s'; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off"
                    "; SET LOCAL cursor_tuple_fraction = 1"
                )
            yield connection
        except psycopg2.Error as error:
            raise TemporarilyUnavailable(f"the scores could not be read: {error}") from error
        finally:
            connection.close()


def _pairs(rows: list[tuple[Any, ...]]) -> ScoredPairs:
    champion, challenger, user_id, amount, fraud = zip(*rows, strict=True)
    return ScoredPairs(
        champion=np.array(champion, np.float64),
        challenger=np.array(challenger, np.float64),
        fraud=np.array(fraud, np.bool_),
        user_id=np.array(user_id, np.int64),
        amount=np.array(amount, np.float64),
    )
