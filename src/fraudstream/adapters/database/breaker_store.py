"""`HeldAlerts` on Postgres, for a person who looks at the breaker or lets alerts go."""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.held_alerts import release_for_free
from fraudstream.adapters.database.outbox_store import CHANNEL
from fraudstream.adapters.database.refusals import refusals_told
from fraudstream.adapters.database.sessions import connect
from fraudstream.ports.breaker import HoldStatus

_STATUS = """
SELECT count(*), min(held_at),
       coalesce((SELECT published FROM alert_windows WHERE begins_at = to_timestamp(%s)), 0)
FROM outbox WHERE held_at IS NOT NULL
"""
FORBIDDEN = "this database role may not release alerts: DATABASE_URL must name the relay's role, or the schema's owner"


class PostgresHeldAlerts:
    """See `HeldAlerts`; each call opens and closes its own connection."""

    def __init__(self, url: str) -> None:
        self._url = url

    def status(self, window: float) -> HoldStatus:
        """See `HeldAlerts.status`."""
        with self._transaction() as cursor:
            cursor.execute(_STATUS, (window,))
            held, since, published = cursor.fetchone() or (0, None, 0)
        return HoldStatus(held, None if since is None else since.astimezone(dt.UTC), published)

    def release(self, alert_id: uuid.UUID | None = None) -> int:
        """See `HeldAlerts.release`; the commit wakes the relay.

        Raises:
            ConfigurationError: the database role may not do this.
        """
        with self._transaction() as cursor:
            released = release_for_free(cursor, alert_id)
            cursor.execute(f"NOTIFY {CHANNEL}")
        return released

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        with (
            refusals_told(forbidden=FORBIDDEN, trouble="the held alerts did not answer"),
            closing(connect(self._url, application="fraudstream breaker")) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '20s'")
            yield cursor
