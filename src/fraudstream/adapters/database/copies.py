"""Every table as text of one snapshot, and such texts back into an empty database in one commit."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Protocol

from alembic import command
from alembic.util import CommandError
from psycopg2 import errors, sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.dashboard_tables import dashboard_sessions
from fraudstream.adapters.database.migrate import configuration, upgrade
from fraudstream.adapters.database.refusals import refusals_told
from fraudstream.adapters.database.roles import grant_privileges
from fraudstream.adapters.database.schema import metadata
from fraudstream.adapters.database.sessions import connect, single_use_engine
from fraudstream.errors import ConfigurationError

FORBIDDEN = "this database role may not copy all tables: DATABASE_URL must name their owner, fraudstream_migrate"
LEFT_OUT = frozenset({dashboard_sessions.name})
"""Whoever was signed in signs in again."""
BEGUN_BY_MIGRATIONS = frozenset({"label_progress"})
"""Tables that hold a row from the beginning."""
_COLUMNS = """
SELECT column_name::text FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position
"""
_MONTHS = """
SELECT to_date(substring(child.relname FROM '\\d{4}_\\d{2}$'), 'YYYY_MM') FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = 'public.scored_transactions'::regclass AND child.relname ~ '_\\d{4}_\\d{2}$' ORDER BY 1
"""
_SEQUENCES = (
    "SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
)


class Writes(Protocol):
    """Takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take some."""
        ...


class Reads(Protocol):
    """Gives bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size`; none at the end."""
        ...

    def readline(self, size: int = -1, /) -> bytes:
        """Up to the end of a line; none at the end."""
        ...


class Snapshot:
    """One moment of a database, in an open transaction that only reads."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def revision(self) -> str:
        """The schema's migration."""
        return str(self._rows("SELECT version_num FROM alembic_version")[0][0])

    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """The columns of every table that is copied."""
        names = [name for name in sorted(metadata.tables) if name not in LEFT_OUT]
        return {name: tuple(column for (column,) in self._rows(_COLUMNS, [name])) for name in names}

    def months(self) -> list[dt.date]:
        """First days of the months that scored rows are kept by."""
        return [month for (month,) in self._rows(_MONTHS)]

    def sequences(self) -> dict[str, int]:
        """The last number taken from each sequence."""
        return dict(self._rows(_SEQUENCES))

    def positions(self) -> list[tuple[str, str, int, int]]:
        """Topic, its id, partition and next offset of each log."""
        return self._rows("SELECT topic, topic_id::text, partition, next_offset FROM positions ORDER BY 1, 2, 3")

    def copy(self, table: str, columns: Sequence[str], into: Writes) -> int:
        """Write a table's rows; returns how many."""
        statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(_listed(columns), sql.Identifier(table))
        self._cursor.copy_expert(statement, into)
        return int(self._cursor.rowcount)

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        self._cursor.execute(statement, values or None)
        return self._cursor.fetchall()


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """The database as it is now; writers go on meanwhile and are not seen.

    Raises:
        ConfigurationError: the role may not read everything.
        TemporarilyUnavailable: the database did not answer.
    """
    with (
        refusals_told(forbidden=FORBIDDEN, trouble="the database could not be copied"),
        closing(connect(url, application="fraudstream-backup")) as connection,
    ):
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            yield Snapshot(cursor)


class Filling:
    """A database that is being filled, in one transaction."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def make_months(self, months: Sequence[dt.date]) -> None:
        """The partitions of scored rows."""
        for month in months:
            begins = dt.datetime.combine(month, dt.time(), dt.UTC)
            self._cursor.execute("SELECT create_month_of_scores(%s)", [begins])

    def fill(self, table: str, columns: Sequence[str], rows: Reads) -> int:
        """Read a table's rows; returns how many.

        Raises:
            ConfigurationError: the schema has no such table or column.
        """
        place = sql.Identifier("public", table)
        if table in BEGUN_BY_MIGRATIONS:
            self._cursor.execute(sql.SQL("DELETE FROM {}").format(place))
        try:
            self._cursor.copy_expert(sql.SQL("COPY {} ({}) FROM STDIN").format(place, _listed(columns)), rows)
        except (errors.UndefinedTable, errors.UndefinedColumn, errors.DataError) as error:
            raise ConfigurationError(f"the copy does not fit the schema: {error}") from error
        return int(self._cursor.rowcount)

    def set_sequences(self, last: Mapping[str, int]) -> None:
        """Go on counting where the copy stopped."""
        for name, value in last.items():
            self._cursor.execute("SELECT setval(%s::regclass, %s)", [f"public.{name}", value])


def fill_empty(url: str, revision: str, work: Callable[[Filling], None]) -> None:
    """Bring an empty database to a migration, do `work` in one commit, then migrate to the newest and grant rights.

    Raises:
        ConfigurationError: the database is not empty, or newer or older than this program knows; rights are missing.
        TemporarilyUnavailable: the database did not answer; nothing of the copy is in it.
    """
    with (
        refusals_told(forbidden=FORBIDDEN, trouble="the database could not be filled"),
        closing(connect(url, application="fraudstream-restore")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        _refuse_rows(cursor)
    _migrate_to(url, revision)
    with (
        refusals_told(forbidden=FORBIDDEN, trouble="the database could not be filled"),
        closing(connect(url, application="fraudstream-restore")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        work(Filling(cursor))
    upgrade(url)
    grant_privileges(url)


def _migrate_to(url: str, revision: str) -> None:
    engine = single_use_engine(url, application="fraudstream-restore")
    with engine.begin() as connection:
        scripts = configuration(connection)
        try:
            command.upgrade(scripts, revision)
        except CommandError as error:
            raise ConfigurationError(
                f"this version does not know the schema of the copy ({revision}): install the version that made it, or "
                "a newer one"
            ) from error


def _refuse_rows(cursor: Cursor) -> None:
    cursor.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
    there = {name for (name,) in cursor.fetchall()}
    for table in sorted(there & (metadata.tables.keys() - BEGUN_BY_MIGRATIONS)):
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier("public", table)))
        if cursor.fetchone() == (True,):
            raise ConfigurationError(
                f"the database is not empty ({table} has rows), and nothing is overwritten: name an empty one in "
                "DATABASE_URL, or drop this one first"
            )


def _listed(columns: Sequence[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
