"""Arrow batches of Spark's Kafka source become slices of bounded size."""

import pyarrow as pa
import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.scoring.worker import partition_of, pieces, records_of


def batch(*values: bytes | None, partition: int = 3) -> pa.RecordBatch:
    count = len(values)
    return pa.RecordBatch.from_pydict(
        {
            "partition": pa.array([partition] * count, pa.int32()),
            "offset": pa.array(range(50, 50 + count), pa.int64()),
            "timestamp": pa.array([1_764_000_000_123_000] * count, pa.timestamp("us", "UTC")),
            "value": pa.array(values, pa.binary()),
        }
    )


def cut(*sizes: int, rows: int = 100, size: int = 10) -> list[int]:
    parts = list(pieces(batch(*[b"x" * length for length in sizes]), rows=rows, size=size))
    assert [row for part in parts for row in part.column("offset").to_pylist()] == list(range(50, 50 + len(sizes)))
    return [part.num_rows for part in parts]


def test_a_slice_has_a_bounded_number_of_records() -> None:
    assert cut(1, 1, 1, 1, 1, rows=2) == [2, 2, 1]


def test_a_slice_has_a_bounded_number_of_bytes() -> None:
    assert cut(4, 4, 4, 4, 2) == [2, 3]


def test_a_record_over_the_bound_is_a_slice_of_its_own() -> None:
    assert cut(4, 50, 50, 4, 4) == [1, 1, 1, 2]


def test_records_without_a_value_take_no_space() -> None:
    parts = list(pieces(batch(None, b"x" * 10, None, b""), rows=100, size=10))

    assert [part.num_rows for part in parts] == [4]


def test_an_empty_batch_gives_no_slice() -> None:
    assert list(pieces(batch(), rows=10, size=10)) == []


def test_columns_become_records() -> None:
    records = records_of(batch(b"a", None))

    assert records.offset.tolist() == [50, 51]
    assert records.log_time.tolist() == [1_764_000_000.123] * 2
    assert list(records.values) == [b"a", None]


def test_a_task_has_one_partition() -> None:
    mixed = pa.Table.from_batches([batch(b"a"), batch(b"b", partition=4)]).combine_chunks().to_batches()[0]

    assert partition_of(batch(b"a", b"b")) == 3
    with pytest.raises(ConfigurationError, match=r"partitions \[3, 4\]"):
        partition_of(mixed)
