"""Every word that the database holds: whatever is text, JSON or bytes, row by row."""

from collections.abc import Iterator, Mapping
from contextlib import closing

from psycopg2 import sql
from sqlalchemy import LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB

from fraudstream.adapters.database.privileges import WITHHELD
from fraudstream.adapters.database.refusals import refusals_told
from fraudstream.adapters.database.schema import metadata
from fraudstream.adapters.database.sessions import connect

NUMBERS = frozenset({"features", "state", "risk", "content"})
"""Columns of bytes that are arrays of float64."""
AT_A_TIME = 5_000


def text_columns() -> Mapping[str, tuple[str, ...]]:
    """The columns of each table that may hold words; tables that the reader may not read are left out."""
    found = {
        table.name: tuple(
            column.name
            for column in table.columns
            if isinstance(column.type, Text | JSONB | LargeBinary) and column.name not in NUMBERS
        )
        for table in metadata.sorted_tables
        if table not in WITHHELD
    }
    return {table: columns for table, columns in found.items() if columns}


def texts(url: str) -> Iterator[tuple[str, bytes]]:
    """Each value with the `table.column` it stands in, read as one moment.

    Raises:
        ConfigurationError: the role may not read a table.
        TemporarilyUnavailable: the database did not answer.
    """
    with (
        refusals_told(forbidden="this role may not read all tables: use the reader's", trouble="nothing could be read"),
        closing(connect(url, application="fraudstream-find-card-numbers")) as connection,
    ):
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        for table, columns in text_columns().items():
            for column in columns:
                with connection.cursor(name="texts") as cursor:
                    cursor.itersize = AT_A_TIME
                    statement = sql.SQL("SELECT {0} FROM {1} WHERE {0} IS NOT NULL")
                    cursor.execute(statement.format(sql.Identifier(column), sql.Identifier(table)))
                    for (value,) in cursor:
                        yield f"{table}.{column}", _bytes(value)


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, memoryview) else str(value).encode("utf-8", "surrogateescape")
