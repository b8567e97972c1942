"""`LabelDesk` on Postgres; reads alone, so whoever may only look may use it."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.ports.label_desk import KnownPayment, LabelFate, LabelPlace, StoredLabel

_PAYMENT = """
SELECT user_id, event_time FROM (
    SELECT 1 AS rank, user_id, event_time
    FROM transaction_ids AS known JOIN scored_transactions AS scored USING (topic_id, partition, "offset")
    WHERE known.id = %(id)s
    UNION ALL SELECT 2, user_id, event_time FROM history_transactions WHERE transaction_id = %(id)s
) AS known ORDER BY rank LIMIT 1
"""
_ALERTED = "SELECT transaction_id::text FROM alerts WHERE alert_id = %s"
_LABELS = """
SELECT topic_id::text, partition, "offset", label_seq, is_fraud, source, arrived_at FROM labels
WHERE transaction_id = %s ORDER BY label_seq NULLS LAST, stored_at, partition, "offset"
"""
_OUTCOMES = """
SELECT DISTINCT ON (transaction_id) transaction_id::text, is_fraud FROM labels
WHERE transaction_id = ANY(%s::uuid[]) AND label_seq IS NOT NULL ORDER BY transaction_id, label_seq DESC
"""
STREAM_TIME = """
SELECT max(event_time) FROM (SELECT * FROM slices WHERE rows > 0 ORDER BY slice_id DESC LIMIT 20) AS recent
CROSS JOIN LATERAL (
    SELECT event_time FROM scored_transactions AS scored
    WHERE scored.topic_id = recent.topic_id AND scored.partition = recent.partition
    AND scored."offset" <= recent.last_offset ORDER BY scored."offset" DESC LIMIT 50
) AS newest
"""
"""The last rows of the last slices, a bounded number however large slices are; in the order of the primary key, so
that a table without statistics is not read whole."""
_FATE = """
SELECT label_seq, NULL FROM labels WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" = %(offset)s
UNION ALL
SELECT NULL, reason || ': ' || detail FROM quarantine
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" = %(offset)s
"""


class PostgresLabelDesk:
    """Any thread may ask."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def payment(self, transaction_id: uuid.UUID) -> KnownPayment | None:
        """See `LabelDesk.payment`."""
        with self._pool.transaction() as cursor:
            cursor.execute(_PAYMENT, {"id": str(transaction_id)})
            row = cursor.fetchone()
        return None if row is None else KnownPayment(*row)

    def alerted(self, alert_id: uuid.UUID) -> uuid.UUID | None:
        """See `LabelDesk.alerted`."""
        with self._pool.transaction() as cursor:
            cursor.execute(_ALERTED, (str(alert_id),))
            row = cursor.fetchone()
        return None if row is None else uuid.UUID(row[0])

    def labels(self, transaction_id: uuid.UUID) -> Sequence[StoredLabel]:
        """See `LabelDesk.labels`."""
        with self._pool.transaction() as cursor:
            return stored_labels(cursor, transaction_id)

    def outcomes(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, bool]:
        """See `LabelDesk.outcomes`."""
        with self._pool.transaction() as cursor:
            cursor.execute(_OUTCOMES, ([str(key) for key in ids],))
            return {uuid.UUID(key): is_fraud for key, is_fraud in cursor}

    def stream_time(self) -> dt.datetime | None:
        """See `LabelDesk.stream_time`."""
        with self._pool.transaction() as cursor:
            cursor.execute(STREAM_TIME)
            row = cursor.fetchone()
        return row[0] if row else None

    def fate(self, place: LabelPlace) -> LabelFate | None:
        """See `LabelDesk.fate`."""
        with self._pool.transaction() as cursor:
            values = {"topic_id": place.topic_id, "partition": place.partition, "offset": place.offset}
            cursor.execute(_FATE, values)
            row = cursor.fetchone()
        return None if row is None else LabelFate(*row)


def stored_labels(cursor: Cursor, transaction_id: uuid.UUID) -> list[StoredLabel]:
    """Every label of one payment, as `LabelDesk.labels` orders them."""
    cursor.execute(_LABELS, (str(transaction_id),))
    return [StoredLabel(LabelPlace(*row[:3]), *row[3:]) for row in cursor]
