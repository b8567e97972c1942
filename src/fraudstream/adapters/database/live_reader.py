"""A connection that looks at the figures again and again, and survives a restart of the database."""

import contextlib
import datetime as dt
from collections.abc import Sequence

import psycopg2

from fraudstream.adapters.database.live_figures import AlertLine, LiveFigures, latest_alerts, live_figures
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable

_FATES = """
SELECT count(DISTINCT alerts.alert_id), count(DISTINCT notifications.alert_id)
FROM alerts LEFT JOIN notifications USING (alert_id) WHERE transaction_id = ANY (%s::uuid[])
"""


class LiveReader:
    """Reads figures and alerts of one transaction topic; opens its connection when it is first asked."""

    def __init__(self, url: str, topic: str) -> None:
        self._url = url
        self._topic = topic
        self._connection: psycopg2.extensions.connection | None = None

    def look(self, *, since: dt.datetime, most: int) -> tuple[LiveFigures, list[AlertLine]]:
        """Figures now, and the newest alerts created after `since`.

        Raises:
            TemporarilyUnavailable: the database does not answer; ask again later.
        """
        try:
            if self._connection is None:
                self._connection = connect(self._url, application="fraudstream live view")
                self._connection.set_session(readonly=True, autocommit=True)
            return live_figures(self._connection, self._topic), latest_alerts(self._connection, since=since, most=most)
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            self.close()
            raise TemporarilyUnavailable(f"PostgreSQL does not answer: {error}") from error

    def fates(self, transaction_ids: Sequence[str]) -> tuple[int, int]:
        """How many of these payments were alerted, and how many of their alerts reached the subscriber."""
        opened = connect(self._url, application="fraudstream live view")
        with contextlib.closing(opened) as connection, connection.cursor() as cursor:
            cursor.execute(_FATES, (list(transaction_ids),))
            alerted, notified = cursor.fetchone() or (0, 0)
        return int(alerted), int(notified)

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
