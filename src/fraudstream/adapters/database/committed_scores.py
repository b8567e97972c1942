"""`CommittedScores` on PostgreSQL, for a role that only reads.

Within a partition slices are committed in the order of their offsets, so everything before `positions.next_offset` is
there and nothing will come in between; a number of the slice would be no such mark.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.refusals import FOR_A_TIME, unavailable
from fraudstream.adapters.database.sessions import connect
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.features.events import CATEGORIES, CHANNELS, LOCATIONS, PAYMENT_METHODS
from fraudstream.ports.score_copies import CommittedScore, LogPlace

SESSION = "SET statement_timeout = '30s'"
ENDS = "SELECT topic_id::text, partition, next_offset FROM positions WHERE topic = %s ORDER BY 1, 2"
SCORES = """
    SELECT transaction_id::text, "offset", user_id, event_time, amount, merchant_category, location, payment_method,
        score, alert, slice_id, model_version, catalogue_version, merchant_id, channel, currency
    FROM scored_transactions JOIN slices USING (slice_id)
    WHERE scored_transactions.topic_id = %s AND scored_transactions.partition = %s
        AND "offset" >= %s AND "offset" < %s
    ORDER BY "offset" LIMIT %s
"""


class PostgresCommittedScores:
    """Keeps one connection and opens it again where it broke; not for use by several threads at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None

    def ends(self) -> dict[LogPlace, int]:
        """See `CommittedScores.ends`."""
        with self._cursor() as cursor:
            cursor.execute(ENDS, (TRANSACTIONS,))
            return {LogPlace(topic_id, partition): end for topic_id, partition, end in cursor.fetchall()}

    def scores(self, place: LogPlace, first: int, end: int, most: int) -> Sequence[CommittedScore]:
        """See `CommittedScores.scores`."""
        with self._cursor() as cursor:
            cursor.execute(SCORES, (place.topic_id, place.partition, first, end, most))
            return [_score(row) for row in cursor.fetchall()]

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg2.Error):
                connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        try:
            if self._connection is None:
                self._connection = connect(self._url, application="fraudstream projector")
                self._connection.set_session(readonly=True, autocommit=True)
                with self._connection.cursor() as cursor:
                    cursor.execute(SESSION)
            with self._connection.cursor() as cursor:
                yield cursor
        except FOR_A_TIME as error:
            self.close()
            raise unavailable("the scores could not be read", error) from error


def _score(row: tuple[Any, ...]) -> CommittedScore:
    id_, offset, user_id, event_time, amount, category, location, method, *rest = row
    score, alert, slice_id, model, catalogue, merchant, channel, currency = rest
    return CommittedScore(
        transaction_id=uuid.UUID(str(id_)),
        offset=offset,
        user_id=user_id,
        event_time=event_time,
        amount=amount,
        merchant_category=CATEGORIES[category],
        location=LOCATIONS[location],
        payment_method=PAYMENT_METHODS[method],
        score=score,
        alert=alert,
        slice_id=slice_id,
        model_version=model,
        catalogue_version=catalogue,
        merchant_id=merchant,
        channel=None if channel is None else CHANNELS[channel],
        currency=currency,
    )
