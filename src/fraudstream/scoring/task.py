"""What Spark carries to its Python workers; light, so that the driver loads nothing of what only they need."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

SUMMARY_SCHEMA = "partition int, scored long, quarantined long, repeats long, alerts long"


@dataclass(frozen=True, slots=True)
class ScoringTask:
    """How to score a log; durations are in seconds."""

    topic: str
    topic_id: str
    epoch: int
    database_url: str
    slice_rows: int
    max_future: float
    label_delay: float


def score_batches(task: ScoringTask, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """Score Arrow batches in a worker, see `worker.score_batches`."""
    from fraudstream.scoring import worker  # noqa: PLC0415 - the daemon has loaded it, the driver never does

    return worker.score_batches(task, batches)


def rehearse_slices(
    task: ScoringTask, places: "Sequence[tuple[int, int]]", batches: "Iterator[pa.RecordBatch]"
) -> "Iterator[pa.RecordBatch]":
    """Rehearse slices in a worker, see `worker.rehearse_slices`."""
    from fraudstream.scoring import worker  # noqa: PLC0415 - the daemon has loaded it, the driver never does

    return worker.rehearse_slices(task, places, batches)


def pass_on(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """Do nothing, in a worker that is there from then on."""
    return batches
