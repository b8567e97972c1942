"""The rows of a whole database: remembered, brought back, and compared whatever ids sequences gave."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.sessions import connect

COLUMNS = """
    SELECT relname::text, attname::text, format_type(atttypid, NULL), attidentity <> ''
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname <> 'alembic_version' AND attnum > 0 AND NOT attisdropped ORDER BY relname, attnum
"""
SEQUENCES = "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
OF_STARTS = {"runs"}
"""Tables that tell of processes, of which there are more after a death."""
EPOCH = "epoch"
GIVEN_TIMES = {"log_time", "event_time", "arrived_at", "begins_at"}
"""Times that belong to a fact; all others say when a row was written, and only that they are set is compared."""
ALIASES = {"restores": "deployment_id"}

Rows = Mapping[str, list[tuple[str | None, ...]]]


@dataclass(frozen=True)
class Database:
    """A database whose beginning is known; its session is kept, because there are hundreds of cases.

    Args:
        connection: commits each statement.
        script: brings the rows back to where they were at first.
        columns: name, type, and whether it is an identity, by table.
    """

    connection: Connection
    script: str
    columns: Mapping[str, Sequence[tuple[str, str, bool]]]

    @classmethod
    def remembered(cls, url: str) -> "Database":
        """As it is now."""
        connection = connect(url, application="test")
        connection.autocommit = True
        with connection.cursor() as cursor:
            columns = _columns(cursor)
            return cls(connection, _remember(cursor, columns), columns)

    def bring_back(self) -> None:
        """Make it what it was when it was remembered."""
        with self.connection.cursor() as cursor:
            cursor.execute(self.script)

    def rows(self) -> Rows:
        """Every row as texts, sorted; ids that a sequence gave are replaced by their rank."""
        with self.connection.cursor() as cursor:
            ranks = {
                name: _ranks(cursor, table, name)
                for table, found in self.columns.items()
                for name, _, is_identity in found
                if is_identity and table not in OF_STARTS
            }
            return {
                table: _rows(cursor, table, [column for column in found if column[0] != EPOCH], ranks)
                for table, found in self.columns.items()
                if table not in OF_STARTS
            }


def _columns(cursor: Cursor) -> dict[str, list[tuple[str, str, bool]]]:
    found: dict[str, list[tuple[str, str, bool]]] = {}
    cursor.execute(COLUMNS)
    for table, *column in cursor.fetchall():
        found.setdefault(table, []).append(tuple(column))
    return found


def _remember(cursor: Cursor, tables: Iterable[str]) -> str:
    cursor.execute("SELECT current_database()")
    ((name,),) = cursor.fetchall()
    cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    cursor.execute("CREATE SCHEMA pristine")
    script = []
    for table in tables:
        cursor.execute(f"CREATE TABLE pristine.{table} AS TABLE public.{table}")
        script.append(f"DELETE FROM {table};")  # noqa: S608
        if cursor.rowcount:
            script.append(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM pristine.{table};")  # noqa: S608
    cursor.execute(SEQUENCES)
    script += [f"SELECT setval('{name}', {last or 1}, {last is not None});" for name, last in cursor.fetchall()]
    return "\n".join(script)


def _ranks(cursor: Cursor, table: str, column: str) -> dict[str, str]:
    cursor.execute(f"SELECT {column}::text FROM {table} ORDER BY {table}.{column}")  # noqa: S608 - names of the catalogue
    return {text: f"number {rank}" for rank, (text,) in enumerate(cursor.fetchall())}


def _rows(
    cursor: Cursor, table: str, columns: Sequence[tuple[str, str, bool]], ranks: Mapping[str, Mapping[str, str]]
) -> list[tuple[str | None, ...]]:
    asked = ", ".join(
        f'("{name}" IS NOT NULL)::text'
        if kind == "timestamp with time zone" and name not in GIVEN_TIMES
        else f'"{name}"::text'
        for name, kind, _ in columns
    )
    cursor.execute(f"SELECT {asked} FROM {table}")  # noqa: S608 - names of the catalogue
    known = [ranks.get(ALIASES.get(name, name), {}) for name, _, _ in columns]
    found = [
        tuple(value if value is None else rank.get(value, value) for value, rank in zip(row, known, strict=True))
        for row in cursor.fetchall()
    ]
    return sorted(found, key=repr)
