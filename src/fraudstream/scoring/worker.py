"""What runs in Spark's Python workers: records of one partition, taken through slice after slice."""

import contextlib
import datetime as dt
import functools
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import stamina

from fraudstream.adapters.database.scorer_runs import slice_application
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.errors import ConfigurationError, FraudstreamError, TemporarilyUnavailable
from fraudstream.ports.slices import LogPart
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.rehearsal import RehearsalStore, payment_on_trial
from fraudstream.scoring.slice import SliceSummary, score_slice
from fraudstream.scoring.task import ScoringTask

SLICE_BYTES = 16_000_000
"""Bytes of records in one slice at the most, so that a worker's memory is bounded whatever the records' size."""
RETRY_SECONDS = 90.0
"""How long one slice is tried while the database does not answer; Spark then tries the task again."""


def score_batches(task: ScoringTask, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Score Arrow batches of (partition, offset, timestamp, value) of one partition in log order.

    Yields one row (`SUMMARY_SCHEMA`) for each slice, after it was committed.
    """
    for batch in batches:
        for piece in pieces(batch, rows=task.slice_rows, size=SLICE_BYTES):
            partition = partition_of(piece)
            summary = score_records(task, partition, records_of(piece))
            yield pa.RecordBatch.from_pydict(
                {
                    "partition": pa.array([partition], pa.int32()),
                    "scored": [summary.scored],
                    "quarantined": [summary.quarantined],
                    "repeats": [summary.repeats],
                    "alerts": [summary.alerts],
                }
            )


def rehearse_slices(
    task: ScoringTask, places: Sequence[tuple[int, int]], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """For each `id` of these batches, take one payment through a slice at `places[id]`, and commit none of it.

    A place is a partition and its next offset. What goes wrong is left to the first real slice to tell; yields
    nothing.
    """
    moment = dt.datetime.now(dt.UTC)
    for place in (place for batch in batches for place in batch.column("id").to_pylist()):
        partition, offset = places[place]
        records = LogRecords(np.array([offset]), np.array([moment.timestamp()]), [payment_on_trial(moment)])
        part = LogPart(task.topic, task.topic_id, partition, task.epoch)
        read = read_records(records, max_future=task.max_future)
        with contextlib.suppress(FraudstreamError):
            score_slice(read, part, RehearsalStore(_store_of(task)), _models(), label_delay=task.label_delay)
    yield from ()


def pieces(batch: pa.RecordBatch, *, rows: int, size: int) -> Iterator[pa.RecordBatch]:
    """Cut a batch so that no piece has more than `rows` records or `size` bytes of values; a single record may."""
    lengths = pc.fill_null(pc.binary_length(batch.column("value")), 0).to_numpy(zero_copy_only=False)
    total = np.cumsum(lengths, dtype=np.int64)
    start = 0
    while start < batch.num_rows:
        before = int(total[start - 1]) if start else 0
        within = int(np.searchsorted(total, before + size, side="right"))
        stop = max(min(start + rows, within), start + 1)
        yield batch.slice(start, stop - start)
        start = stop


def partition_of(batch: pa.RecordBatch) -> int:
    """The partition that all records of a batch come from.

    Raises:
        ConfigurationError: they come from several; a slice has one position only.
    """
    partitions = pc.unique(batch.column("partition")).to_pylist()
    if len(partitions) != 1:
        raise ConfigurationError(f"a task got records of partitions {partitions}; leave Spark's `minPartitions` unset")
    return int(partitions[0])


def records_of(batch: pa.RecordBatch) -> LogRecords:
    """Columns of Spark's Kafka source as records; its timestamps are microseconds."""
    timestamp = batch.column("timestamp").cast(pa.int64()).to_numpy()
    return LogRecords(
        offset=batch.column("offset").to_numpy(),
        log_time=timestamp / 1e6,
        values=batch.column("value").to_pylist(),
    )


def score_records(task: ScoringTask, partition: int, records: LogRecords) -> SliceSummary:
    """Take records of one partition, in log order, through one slice, again while the database does not answer.

    Raises:
        Fenced: a newer run has taken over the log.
        ModelUnavailable: no usable model is deployed.
        TemporarilyUnavailable: the database has not answered for `RETRY_SECONDS`.
    """
    part = LogPart(task.topic, task.topic_id, partition, task.epoch)
    read = read_records(records, max_future=task.max_future)
    store = _store_of(task)
    for attempt in stamina.retry_context(
        on=TemporarilyUnavailable,
        attempts=None,
        timeout=RETRY_SECONDS,
        wait_initial=0.02,
        wait_max=5.0,
        wait_jitter=0.5,
    ):
        with attempt:
            return score_slice(read, part, store, _models(), label_delay=task.label_delay)
    raise AssertionError("stamina tries at least once")


def _store_of(task: ScoringTask) -> PostgresSliceStore:
    return _store(task.database_url, slice_application(task.topic_id, task.epoch))


@functools.lru_cache(maxsize=1)
def _store(url: str, application: str) -> PostgresSliceStore:
    """This worker's one connection, kept between tasks."""
    return PostgresSliceStore(url, application=application)


@functools.lru_cache(maxsize=1)
def _models() -> ModelCache:
    """This worker's models, kept between tasks."""
    return ModelCache()
