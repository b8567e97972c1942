"""A connection that looks at the figures again and again, and survives a restart of the database."""

import datetime as dt

import psycopg2

from fraudstream.adapters.database.live_figures import AlertLine, LiveFigures, latest_alerts, live_figures
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable


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

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
