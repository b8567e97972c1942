"""A few connections for a process that people look through: bounded in number, in time, and in what they may do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.refusals import FOR_A_TIME, unavailable
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable

WAIT = 5.0
"""Seconds a request waits for a connection before it is told to come again."""


class ConnectionPool:
    """At most `size` connections; any thread may ask.

    One that breaks is thrown away, and one that broke while nobody used it is noticed before it is handed out, so a
    restart of the database costs no question.

    Args:
        url: SQLAlchemy URL.
        application: name shown in `pg_stat_activity`.
        size: connections at the most.
        statement_timeout: of each statement, as PostgreSQL writes it (`5s`).
        readonly: whether every transaction refuses writes, whatever the role may do.
    """

    def __init__(
        self, url: str, *, application: str, size: int = 4, statement_timeout: str = "5s", readonly: bool = False
    ) -> None:
        self._url = url
        self._application = application
        self._timeout = statement_timeout
        self._readonly = readonly
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self, *, snapshot: bool = False) -> Iterator[Cursor]:
        """A cursor in a transaction of its own, committed at the end; all of it sees one moment if `snapshot`.

        Raises:
            TemporarilyUnavailable: the database did not answer in time, or all connections are in use.
            ConfigurationError: the role may not do this.
        """
        if not self._free.acquire(timeout=WAIT):
            raise TemporarilyUnavailable("too many questions at once; try again in a moment")
        connection: Connection | None = None
        try:
            connection = self._begun(snapshot=snapshot)
            with connection, connection.cursor() as cursor:
                yield cursor
            self._give_back(connection)
            connection = None
        except errors.InsufficientPrivilege as error:
            raise ConfigurationError(f"the database role of {self._application} may not do this: {error}") from error
        except errors.UniqueViolation:
            raise
        except psycopg2.Error as error:
            raise unavailable("the database did not answer", error) from error
        finally:
            if connection is not None:
                with suppress(psycopg2.Error):
                    connection.close()
            self._free.release()

    def close(self) -> None:
        """End every session that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            with suppress(psycopg2.Error):
                connection.close()

    def _begun(self, *, snapshot: bool) -> Connection:
        """A connection in a transaction."""
        while (idle := self._idle_one()) is not None:
            try:
                return self._begin(idle, snapshot=snapshot)
            except FOR_A_TIME:
                idle.close()
        connection = connect(self._url, application=self._application)
        connection.set_session(readonly=self._readonly)
        return self._begin(connection, snapshot=snapshot)

    def _begin(self, connection: Connection, *, snapshot: bool) -> Connection:
        with connection.cursor() as cursor:
            if snapshot:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", (self._timeout,))
        return connection

    def _idle_one(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            self._idle.append(connection)
