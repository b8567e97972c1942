"""A parquet file in memory, some rows at a time."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq


def record_batches(content: bytes, rows: int, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """All rows of some or all columns, at most `rows` of them at a time.

    Arrow's own threads stay out of it. They may let go of a last piece of `content` when the read is long over, and if
    Python has begun to end by then, the process aborts (https://github.com/apache/arrow/issues/34314).

    Raises:
        pyarrow.ArrowException: it is not parquet, or damaged.
    """
    named = None if columns is None else list(columns)
    yield from pq.ParquetFile(pa.BufferReader(content)).iter_batches(rows, columns=named, use_threads=False)
