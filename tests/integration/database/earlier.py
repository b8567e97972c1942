"""A database as an earlier version left it: its schema at a revision, and in it all that this schema has room for."""

import contextlib
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from sqlalchemy import create_engine

from fraudstream.adapters.database.migrate import configuration
from fraudstream.adapters.database.sessions import connect

OLDEST = "0001"
"""The oldest revision from which an upgrade is promised (docs/how-to/upgrade.md)."""
VERSIONS = Path(__file__).parents[3] / "db" / "migrations" / "versions"
REVISIONS = [name for name in sorted(path.name.split("_")[0] for path in VERSIONS.glob("*.py")) if name >= OLDEST]

COLUMNS = """
    SELECT table_name::text, column_name::text, data_type || ' ' || is_nullable,
        column_default IS NULL AND is_identity = 'NO' AND is_nullable = 'NO'
    FROM information_schema.columns JOIN pg_class ON pg_class.oid = format('public.%I', table_name)::regclass
    WHERE table_schema = 'public' AND NOT relispartition AND table_name <> 'alembic_version'
    ORDER BY table_name, ordinal_position
"""
RULES = """
    SELECT conrelid::regclass::text, pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE connamespace = 'public'::regnamespace AND NOT relispartition AND contype <> 'n'
    UNION
    SELECT tablename::text, indexdef
    FROM pg_indexes JOIN pg_class ON pg_class.oid = format('public.%I', tablename)::regclass
    WHERE schemaname = 'public' AND indexdef LIKE 'CREATE UNIQUE %' AND NOT relispartition
"""
FUNCTIONS = """
    SELECT proname || '(' || pg_get_function_identity_arguments(oid) || ') ' || pg_get_function_result(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
SEQUENCES = "SELECT sequencename::text, last_value FROM pg_sequences WHERE last_value IS NOT NULL ORDER BY 1"

Rows = Mapping[str, list[str]]
"""Rows of each table, sorted, as COPY writes them."""


@dataclass(frozen=True)
class Schema:
    """What a program may rely on; partitions are their parent's affair."""

    columns: Mapping[str, Mapping[str, str]]
    """Type and nullability of each column of each table."""
    required: frozenset[tuple[str, str]]
    """Table and column of each that whoever inserts must give."""
    rules: frozenset[tuple[str, str]]
    """Table and definition of keys, checks and unique indexes: what may refuse a row."""
    functions: frozenset[str]


@contextlib.contextmanager
def cursor_of(url: str) -> Iterator[Cursor]:
    """One transaction."""
    with contextlib.closing(connect(url, application="test")) as connection, connection, connection.cursor() as cursor:
        yield cursor


def bring_to(url: str, revision: str) -> None:
    """Run the migrations up to a revision, as that version's `fraudstream migrate` did."""
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), revision)
    engine.dispose()


def schema_of(url: str) -> Schema:
    """The schema at hand."""
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    required = set()
    with cursor_of(url) as cursor:
        cursor.execute(COLUMNS)
        for table, column, kind, is_required in cursor.fetchall():
            columns[table][column] = kind
            required |= {(table, column)} if is_required else set()
        cursor.execute(RULES)
        rules = frozenset(cursor.fetchall())
        cursor.execute(FUNCTIONS)
        return Schema(columns, frozenset(required), rules, frozenset(name for (name,) in cursor.fetchall()))


def rows_of(url: str, schema: Schema) -> Rows:
    """Everything that stands in the columns of a schema."""
    with cursor_of(url) as cursor:
        return {table: sorted(copied(cursor, table, columns).splitlines()) for table, columns in schema.columns.items()}


def fill_as(schema: Schema, url: str, source: str) -> None:
    """Write with the columns of a schema, and nothing else, what stands in the database at `source`."""
    with cursor_of(source) as reading, cursor_of(url) as writing:
        for table, columns in schema.columns.items():
            writing.execute(f"DELETE FROM {table}")  # noqa: S608 - the row that a migration made
            text = io.StringIO(copied(reading, table, columns))
            writing.copy_expert(f"COPY {table} ({listed(columns)}) FROM STDIN", text)
        reading.execute(SEQUENCES)
        for name, value in reading.fetchall():
            writing.execute("SELECT setval(to_regclass(%s), %s) WHERE to_regclass(%s) IS NOT NULL", [name, value, name])


def copied(cursor: Cursor, table: str, columns: Mapping[str, str]) -> str:
    text = io.StringIO()
    cursor.copy_expert(f"COPY (SELECT {listed(columns)} FROM {table}) TO STDOUT", text)  # noqa: S608 - our own names
    return text.getvalue()


def listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
