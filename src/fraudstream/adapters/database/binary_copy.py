"""PostgreSQL's binary COPY format, built and read by numpy without a step in Python for each row.

Source of the format: PostgreSQL documentation, COPY, "Binary Format". All numbers on the wire are big-endian;
timestamps count microseconds from 2000-01-01 UTC.
"""

import io
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

Array = npt.NDArray[np.generic]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64] | slice

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
MICROSECONDS_TO_2000 = 946_684_800_000_000
NULL = -1
"""Stands in place of a field's length."""
CHUNK = 1 << 20
"""Bytes handed to libpq at a time."""


@dataclass(frozen=True)
class Column:
    """A column of fixed width: `n` values as they stand on the wire, and which of them are not NULL."""

    name: str
    wire: Array
    present: Bools | None = None

    @property
    def is_constant(self) -> bool:
        """Whether one value stands for all rows."""
        return self.wire.strides == (0,)


def smallint(name: str, values: Array, present: Bools | None = None) -> Column:
    """Integers of two bytes."""
    return Column(name, values.astype(">i2"), present)


def integer(name: str, values: Array) -> Column:
    """Integers of four bytes."""
    return Column(name, values.astype(">i4"))


def bigint(name: str, values: Array, present: Bools | None = None) -> Column:
    """Integers of eight bytes."""
    return Column(name, values.astype(">i8"), present)


def double(name: str, values: Floats) -> Column:
    """Floating-point numbers of eight bytes."""
    return Column(name, values.astype(">f8"))


def boolean(name: str, values: Bools) -> Column:
    """True or false."""
    return Column(name, values.astype(">i1"))


def timestamp(name: str, seconds: Floats) -> Column:
    """Moments given as seconds since 1970 UTC, to the microsecond."""
    return Column(name, (np.rint(seconds * 1e6).astype(np.int64) - MICROSECONDS_TO_2000).astype(">i8"))


def raw(name: str, values: Array) -> Column:
    """Anything whose wire form is its own bytes (uuid, bytea of one width): rows of an (n, k) array."""
    contiguous = np.ascontiguousarray(values)
    width = contiguous.dtype.itemsize * contiguous.shape[1]
    return Column(name, contiguous.reshape(-1).view(f"V{width}").reshape(len(contiguous)))


def text(name: str, values: npt.NDArray[np.bytes_], present: Bools | None = None) -> Column:
    """ASCII text of one width."""
    return Column(name, values, present)


def same(name: str, count: int, value: int) -> Column:
    """One eight-byte integer in every row."""
    return Column(name, np.broadcast_to(np.array(value, ">i8"), count))


def same_integer(name: str, count: int, value: int) -> Column:
    """One four-byte integer in every row."""
    return Column(name, np.broadcast_to(np.array(value, ">i4"), count))


def same_bytes(name: str, count: int, value: bytes) -> Column:
    """The same bytes in every row."""
    return Column(name, np.broadcast_to(np.frombuffer(value, f"V{len(value)}"), count))


def payload(columns: Sequence[Column]) -> bytearray:
    """The rows of columns of one length as a binary COPY stream, grouped by which of their fields are NULL."""
    groups = _by_absent_fields(columns)
    layouts = [_layout(columns, absent) for absent, _ in groups]
    sizes = [layout.itemsize * count for layout, count in zip(layouts, _counts(columns, groups), strict=True)]
    stream = bytearray(len(HEADER) + sum(sizes) + len(TRAILER))
    stream[: len(HEADER)], stream[-len(TRAILER) :] = HEADER, TRAILER
    place = len(HEADER)
    for (absent, rows), layout, size in zip(groups, layouts, sizes, strict=True):
        _fill(np.frombuffer(stream, layout, size // layout.itemsize, place), columns, absent, rows)
        place += size
    return stream


def variable_payload(rows: Iterable[Sequence[bytes | None]]) -> bytes:
    """Rows of fields of any width, already in their wire form, as a binary COPY stream; for small numbers of rows."""
    parts = [HEADER]
    for fields in rows:
        parts.append(struct.pack(">h", len(fields)))
        for field in fields:
            parts += [struct.pack(">i", NULL)] if field is None else [struct.pack(">i", len(field)), field]
    parts.append(TRAILER)
    return b"".join(parts)


def integer_field(value: int) -> bytes:
    """Wire form of one integer of four bytes."""
    return struct.pack(">i", value)


def bigint_field(value: int) -> bytes:
    """Wire form of one integer of eight bytes."""
    return struct.pack(">q", value)


def double_field(value: float) -> bytes:
    """Wire form of one floating-point number of eight bytes."""
    return struct.pack(">d", value)


def timestamp_field(seconds: float) -> bytes:
    """Wire form of one moment, given as seconds since 1970 UTC."""
    return struct.pack(">q", round(seconds * 1e6) - MICROSECONDS_TO_2000)


def jsonb_field(document: bytes) -> bytes:
    """Wire form of one JSON document (UTF-8)."""
    return b"\x01" + document


def copy_in(cursor: Cursor, table: str, names: Sequence[str], stream: bytes | bytearray) -> None:
    """Append a binary COPY stream to a table."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    cursor.copy_expert(statement, io.BytesIO(stream), CHUNK)


def copy_out_row(cursor: Cursor, query: str, values: Sequence[object]) -> list[bytes | None]:
    """The fields, in wire form, of a query that gives exactly one row; `%s` in it stand for `values`."""
    sink = io.BytesIO()
    statement = cursor.mogrify(f"COPY ({query}) TO STDOUT (FORMAT binary)", values)
    cursor.copy_expert(statement.decode(), sink, CHUNK)
    stream = sink.getbuffer()
    place = len(HEADER)
    (count,) = struct.unpack_from(">h", stream, place)
    place += 2
    fields: list[bytes | None] = []
    for _ in range(count):
        (length,) = struct.unpack_from(">i", stream, place)
        place += 4
        fields.append(None if length == NULL else bytes(stream[place : place + length]))
        place += max(length, 0)
    return fields


def keyed_rows(aggregate: bytes | None, width: int) -> tuple[Ints, Floats]:
    """Keys (n,) and rows (n, width) from `string_agg(int8send(key) || row, ''::bytea)`; rows are little-endian."""
    layout = np.dtype([("key", ">i8"), ("row", "<f8", (width,))])
    found = np.frombuffer(aggregate or b"", layout)
    return found["key"].astype(np.int64), found["row"].astype(np.float64)


def in_order(wanted: Ints, keys: Ints, rows: Floats) -> Floats:
    """Rows in the order of distinct `wanted` keys, zeros where there is none."""
    ordered = np.zeros((len(wanted), rows.shape[1]))
    by_key = np.argsort(wanted, kind="stable")
    ordered[by_key[np.searchsorted(wanted, keys, sorter=by_key)]] = rows
    return ordered


def bigint_array(values: Iterable[int]) -> str:
    """A PostgreSQL array literal."""
    return "{" + ",".join(map(str, values)) + "}"


def _by_absent_fields(columns: Sequence[Column]) -> list[tuple[set[str], Rows]]:
    """Names of fields that are NULL, and the rows in which it is exactly those."""
    optional = [(column.name, column.present) for column in columns if column.present is not None]
    if not optional:
        return [(set(), slice(None))]
    pattern = np.zeros(len(columns[0].wire), np.int64)
    for bit, (_, present) in enumerate(optional):
        pattern |= present.astype(np.int64) << bit
    codes = np.unique(pattern).tolist()
    return [
        (
            {name for bit, (name, _) in enumerate(optional) if not code >> bit & 1},
            slice(None) if len(codes) == 1 else np.flatnonzero(pattern == code),
        )
        for code in codes
    ]


def _counts(columns: Sequence[Column], groups: Sequence[tuple[set[str], Rows]]) -> list[int]:
    return [len(columns[0].wire) if isinstance(rows, slice) else len(rows) for _, rows in groups]


def _layout(columns: Sequence[Column], absent: set[str]) -> np.dtype[np.void]:
    """One row on the wire."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for number, column in enumerate(columns):
        layout.append((f"length_{number}", ">i4"))
        if column.name not in absent:
            layout.append((f"value_{number}", column.wire.dtype.str))
    return np.dtype(layout)


def _fill(block: npt.NDArray[np.void], columns: Sequence[Column], absent: set[str], rows: Rows) -> None:
    """Put a whole row everywhere, then what differs from row to row: each field set is a walk through the memory."""
    if not len(block):
        return
    row = np.zeros((), block.dtype)
    row["fields"] = len(columns)
    for number, column in enumerate(columns):
        row[f"length_{number}"] = NULL if column.name in absent else column.wire.dtype.itemsize
        if column.name not in absent and column.is_constant:
            row[f"value_{number}"] = column.wire[0]
    block[...] = row
    for number, column in enumerate(columns):
        if column.name not in absent and not column.is_constant:
            block[f"value_{number}"] = column.wire[rows]
