"""Reading many rows of fixed width at once: a binary COPY stream seen as a numpy array, no step in Python per field.

Source of the format: PostgreSQL documentation, COPY, "Binary Format".
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.binary_copy import HEADER, MICROSECONDS_TO_2000, TRAILER

BIGINT = ">i8"
DOUBLE = ">f8"
BOOLEAN = "?"
UUID = "(16,)u1"
MOMENT = ">i8"
"""Wire type of a timestamp; `seconds` turns it into seconds since 1970."""

Rows = npt.NDArray[np.void]


def copy_rows(cursor: Cursor, query: str, layout: Mapping[str, str], values: Sequence[object] = ()) -> Rows:
    """The rows of a query as a structured array with the fields of `layout` (name to numpy type on the wire).

    Every value must be of its type's width and none may be NULL.
    """
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in layout.items():
        fields += [(f"{name} length", ">i4"), (name, kind)]
    sink = io.BytesIO()
    statement = cursor.mogrify(f"COPY ({query}) TO STDOUT (FORMAT binary)", list(values))
    cursor.copy_expert(statement.decode(), sink, 1 << 20)
    stream = sink.getbuffer()[len(HEADER) : -len(TRAILER)]
    return np.frombuffer(stream, np.dtype(fields))


def ints(rows: Rows, name: str) -> npt.NDArray[np.int64]:
    """An integer column, (n,)."""
    return rows[name].astype(np.int64)


def floats(rows: Rows, name: str) -> npt.NDArray[np.float64]:
    """A floating-point column, (n,)."""
    return rows[name].astype(np.float64)


def seconds(rows: Rows, name: str) -> npt.NDArray[np.float64]:
    """A column of timestamps in seconds since 1970 UTC, (n,)."""
    moments: npt.NDArray[np.float64] = (rows[name].astype(np.int64) + MICROSECONDS_TO_2000) / 1e6
    return moments


def raw(rows: Rows, name: str) -> npt.NDArray[np.uint8]:
    """A column of ids as (n, 16) bytes."""
    return np.ascontiguousarray(rows[name])


def uuid_array(ids: npt.NDArray[np.uint8]) -> list[str]:
    """Ids of (n, 16) bytes as texts for a query."""
    texts = ids.tobytes().hex()
    return [texts[start : start + 32] for start in range(0, len(texts), 32)]


def keyed(
    cursor: Cursor, query: str, values: Sequence[Any], width: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Keys (n,) and rows (n, width) of a query that gives a key and `width` little-endian numbers as bytes."""
    rows = copy_rows(cursor, query, {"key": BIGINT, "row": f"({width},)<f8"}, values)
    return ints(rows, "key"), rows["row"].astype(np.float64)
