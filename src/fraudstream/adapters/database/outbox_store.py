"""`Outbox` on Postgres: rows are claimed under locks, and a commit that adds rows wakes the relay.

Holding alerts back, letting them go with a new window and charging that window are parts of the same transaction.
"""

import select
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.held_alerts import hold, release_oldest
from fraudstream.adapters.database.refusals import unavailable
from fraudstream.adapters.database.sessions import connect
from fraudstream.ports.breaker import costs, within
from fraudstream.ports.delivery import AlertBudget, OutboxRow

CHANNEL = "outbox"
"""Whoever commits outbox rows notifies this channel in the same transaction."""
ONE_RELAY = 0x6F7574626F78
"""Key of the advisory lock that makes relays take turns: two at once could swap messages of one key."""

_SESSION = f"""
SET statement_timeout = '30s';
SET idle_in_transaction_session_timeout = '180s';
LISTEN {CHANNEL}
"""
_TURN = "SELECT pg_try_advisory_xact_lock(%s)"
_CLAIM = """
SELECT outbox_id, topic, key, value, released_at IS NOT NULL FROM outbox
WHERE sent_at IS NULL AND held_at IS NULL AND not_before <= now()
ORDER BY not_before, outbox_id LIMIT %s
FOR UPDATE SKIP LOCKED
"""
_NEXT_DUE = """
SELECT extract(epoch FROM min(not_before) - now())::float8 FROM outbox
WHERE sent_at IS NULL AND held_at IS NULL AND not_before > now()
"""
_SETTLE = "UPDATE outbox SET sent_at = clock_timestamp() WHERE outbox_id = ANY(%s)"
_PUBLISHED = "SELECT published FROM alert_windows WHERE begins_at = to_timestamp(%s)"
_CHARGE = """
INSERT INTO alert_windows (begins_at, published) VALUES (to_timestamp(%s), %s)
ON CONFLICT (begins_at) DO UPDATE SET published = alert_windows.published + excluded.published
"""


class PostgresOutbox:
    """See `Outbox`; a connection that breaks is opened again at the next call."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._next_due: float | None = None
        self._window: float | None = None
        self._charged: frozenset[int] = frozenset()

    def claim(self, most: int, budget: AlertBudget | None = None) -> Sequence[OutboxRow]:
        """See `Outbox.claim`; order is by due time, then by `outbox_id`."""
        with self._cursor() as cursor:
            cursor.execute(_TURN, (ONE_RELAY,))
            rows = self._take(cursor, most, budget) if cursor.fetchone() == (True,) else []
            self._window = None if budget is None else budget.window
            self._charged = frozenset(row.outbox_id for row in rows if costs(row))
            if not rows:
                cursor.execute(_NEXT_DUE)
                self._next_due = self._moment_of(cursor)
                cursor.connection.rollback()
        return rows

    def settle(self, sent: Sequence[int]) -> None:
        """See `Outbox.settle`."""
        with self._cursor() as cursor:
            if sent:
                cursor.execute(_SETTLE, (list(sent),))
            spent = len(self._charged.intersection(sent))
            if spent and self._window is not None:
                cursor.execute(_CHARGE, (self._window, spent))
            cursor.connection.commit()

    def wait(self, timeout: float) -> None:
        """See `Outbox.wait`."""
        until_due = timeout if self._next_due is None else self._next_due - time.monotonic()
        with self._cursor() as cursor:
            connection = cursor.connection
            if not connection.notifies:
                select.select([connection], [], [], max(min(timeout, until_due), 0))
            connection.poll()
            connection.notifies.clear()

    def close(self) -> None:
        """End the session; claimed rows that are not settled stay unsent."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None

    @staticmethod
    def _take(cursor: Cursor, most: int, budget: AlertBudget | None) -> list[OutboxRow]:
        left = most
        if budget is not None:
            cursor.execute(_PUBLISHED, (budget.window,))
            found = cursor.fetchone()
            left = budget.most - (int(found[0]) if found else 0)
        if left > 0:
            release_oldest(cursor, min(left, most))
        cursor.execute(_CLAIM, (most,))
        rows = [
            OutboxRow(outbox_id, topic, bytes(key), bytes(value), released)
            for outbox_id, topic, key, value, released in cursor.fetchall()
        ]
        if budget is None:
            return rows
        judged = within(rows, left)
        hold(cursor, [row for row in judged if row.held])
        return judged

    @staticmethod
    def _moment_of(cursor: Cursor) -> float | None:
        row = cursor.fetchone()
        return None if row is None or row[0] is None else time.monotonic() + float(row[0])

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        try:
            if self._connection is None:
                self._connection = connect(self._url, application="fraudstream relay")
                with self._connection.cursor() as cursor:
                    cursor.execute(_SESSION)
                self._connection.commit()
            with self._connection.cursor() as cursor:
                yield cursor
        except psycopg2.Error as error:
            self.close()
            raise unavailable("the outbox did not answer", error) from error
