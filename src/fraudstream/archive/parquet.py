"""Parquet: the columns of both zones, written piece by piece and read back."""

import io
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fraudstream.features.events import CATEGORIES, CHANNELS, LOCATIONS, PAYMENT_METHODS
from fraudstream.ports.archive import ArchivedLog, ScoredRow
from fraudstream.ports.records import Record

_MICROSECONDS = pa.timestamp("us", "UTC")
_PLACE = [
    ("topic", pa.dictionary(pa.int32(), pa.string())),
    ("topic_id", pa.dictionary(pa.int32(), pa.string())),
    ("partition", pa.int32()),
    ("offset", pa.int64()),
]
RAW = pa.schema(
    [
        *_PLACE,
        ("log_time", _MICROSECONDS),
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("headers", pa.list_(pa.struct([("name", pa.string()), ("value", pa.binary())]))),
    ]
)
"""Records as they stand in the log, byte for byte; `log_time` is the broker's."""
_NAME = pa.dictionary(pa.int8(), pa.string())
PROCESSED = pa.schema(
    [
        *_PLACE,
        ("log_time", _MICROSECONDS),
        ("slice_id", pa.int64()),
        ("transaction_id", pa.string()),
        ("body_hash", pa.int64()),
        ("user_id", pa.int64()),
        ("event_time", _MICROSECONDS),
        ("amount", pa.float64()),
        ("merchant_category", _NAME),
        ("location", _NAME),
        ("payment_method", _NAME),
        ("merchant_id", pa.int64()),
        ("device_id", pa.int64()),
        ("channel", _NAME),
        ("currency", pa.string()),
        ("score", pa.float64()),
        ("alert", pa.bool_()),
        ("model_version", pa.dictionary(pa.int32(), pa.string())),
        ("catalogue_version", pa.int32()),
        ("features", pa.list_(pa.float64())),
    ]
)
"""Stored scores; features are in the order of the catalogue of their version."""
_CODED = {
    "merchant_category": CATEGORIES,
    "location": LOCATIONS,
    "payment_method": PAYMENT_METHODS,
    "channel": CHANNELS,
}
COMPRESSION = "zstd"


class ParquetWriter:
    """One object in the making, kept in memory, compressed."""

    def __init__(self, schema: pa.Schema) -> None:
        self._sink = io.BytesIO()
        repeated = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        self._writer = pq.ParquetWriter(self._sink, schema, compression=COMPRESSION, use_dictionary=repeated)
        self.rows = 0

    def add(self, table: pa.Table) -> None:
        """Append the rows of a table of this schema."""
        self._writer.write_table(table)
        self.rows += table.num_rows

    def finish(self) -> bytes:
        """The object; nothing can be appended any more."""
        self._writer.close()
        return self._sink.getvalue()


def raw_table(topic: str, log: ArchivedLog, records: Sequence[Record]) -> pa.Table:
    """Records of one partition as a table."""
    columns = [
        *_place(topic, log, [record.offset for record in records]),
        _moments([round(record.log_time * 1e6) for record in records]),
        pa.array([record.key for record in records], pa.binary()),
        pa.array([record.value for record in records], pa.binary()),
        pa.array(
            [[{"name": name, "value": value} for name, value in record.headers] for record in records],
            RAW.field("headers").type,
        ),
    ]
    return pa.Table.from_arrays(columns, schema=RAW)


def processed_table(topic: str, log: ArchivedLog, rows: Sequence[ScoredRow]) -> pa.Table:
    """Stored scores of one partition as a table."""
    columns: dict[str, Sequence[object]] = dict(
        zip(ScoredRow._fields, zip(*rows, strict=True) if rows else [()] * len(ScoredRow._fields), strict=True)
    )
    arrays = [*_place(topic, log, columns["offset"])]
    arrays += [_column(field, columns[field.name]) for field in list(PROCESSED)[len(_PLACE) :]]
    return pa.Table.from_arrays(arrays, schema=PROCESSED)


def columns_of(content: bytes, *names: str) -> list[list[Any]]:
    """Some columns of an object, each with every row's value.

    Without Arrow's own threads, for the reason in `adapters.parquet_batches`.

    Raises:
        ValueError: it is not parquet.
    """
    table = pq.ParquetFile(pa.BufferReader(content)).read(columns=list(names), use_threads=False)
    return [table.column(name).to_pylist() for name in names]


def _place(topic: str, log: ArchivedLog, offsets: Sequence[object]) -> list[pa.Array]:
    count = len(offsets)
    return [
        _same(topic, count),
        _same(log.topic_id, count),
        pa.array(np.full(count, log.partition, np.int32)),
        pa.array(offsets, pa.int64()),
    ]


def _same(text: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text]))


def _column(field: pa.Field, values: Sequence[object]) -> pa.Array:
    if field.name in _CODED:
        return pa.DictionaryArray.from_arrays(pa.array(values, pa.int8()), pa.array(_CODED[field.name]))
    if field.name == "features":
        return _vectors([bytes(value) for value in values])  # type: ignore[call-overload]
    if field.name == "transaction_id":
        return pa.array([str(value) for value in values], pa.string())
    if field.type == _MICROSECONDS:
        return _moments(values)
    if pa.types.is_dictionary(field.type):
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, field.type)


def _moments(values: Sequence[object]) -> pa.Array:
    return pa.array(values, pa.int64()).cast(_MICROSECONDS)


def _vectors(rows: Sequence[bytes]) -> pa.Array:
    ends = [0, *accumulate(len(row) // 8 for row in rows)]
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(np.frombuffer(b"".join(rows), "<f8")))
