"""Every word that a parquet file holds: whatever is text or bytes, column by column."""

from collections.abc import Iterator

import pyarrow as pa

from fraudstream.adapters.parquet_batches import record_batches
from fraudstream.errors import ConfigurationError

BATCH = 10_000
"""Rows in memory at a time."""


def parquet_texts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Each value with the name of the column it stands in; lists and structures count as columns of what they hold.

    Raises:
        ConfigurationError: it is not parquet, or damaged.
    """
    try:
        for batch in record_batches(content, BATCH):
            for field, column in zip(batch.schema, batch.columns, strict=True):
                for value in _texts(column):
                    yield field.name, value
    except pa.ArrowException as error:
        raise ConfigurationError(f"it can't be read as parquet: {error}") from error


def _texts(column: pa.Array) -> Iterator[bytes]:
    """Numbers are passed over: an id of 64 bits looks like a card number now and then."""
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _texts(column.flatten())
    elif pa.types.is_struct(kind):
        for part in column.flatten():
            yield from _texts(part)
    elif pa.types.is_dictionary(kind):
        yield from _texts(column.cast(kind.value_type))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield from (value.encode("utf-8", "surrogateescape") for value in column.to_pylist() if value is not None)
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        yield from (value for value in column.to_pylist() if value is not None)
