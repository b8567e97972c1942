"""`OutboxBacklog` on Postgres, for whoever tells how much waits."""

from contextlib import closing

import psycopg2

from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.delivery import Unsent

_SESSION = "SET statement_timeout = '2s'"
_UNSENT = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(not_before)), 0)::float8,
       (SELECT count(*) FROM outbox WHERE held_at IS NOT NULL)
FROM outbox WHERE sent_at IS NULL AND held_at IS NULL AND not_before <= now()
"""


class PostgresOutboxBacklog:
    """See `OutboxBacklog`; each call opens and closes its own connection."""

    def __init__(self, url: str) -> None:
        self._url = url

    def unsent(self) -> Unsent:
        """See `OutboxBacklog.unsent`."""
        try:
            with (
                closing(connect(self._url, application="fraudstream relay figures")) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(_SESSION)
                cursor.execute(_UNSENT)
                due, oldest, held = cursor.fetchone() or (0, 0.0, 0)
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise TemporarilyUnavailable(f"what waits in the outbox could not be counted: {error}") from error
        return Unsent(int(due), float(oldest), int(held))
