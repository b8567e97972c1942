"""The ledger cut into windows: runs of slices small enough for memory, in an order in which labels only add up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from fraudstream.features.events import Ints
from fraudstream.ports.ledger import LedgerSlices

WINDOW_RECORDS = 20_000
"""Records of one window, about; a slice is never cut."""
WINDOW_LABELS = 100_000
"""Labels that the slices of one window differ by, at the most."""


@dataclass(frozen=True)
class Range:
    """A run of one partition, `first <= offset < end`."""

    partition: int
    first: int
    end: int


@dataclass(frozen=True)
class Window:
    """Consecutive slices and the ranges of the log that they stand for, at most one for each partition."""

    slices: LedgerSlices
    ranges: tuple[Range, ...]


def ordered(slices: LedgerSlices) -> LedgerSlices:
    """Slices by (`label_seq`, `slice_id`).

    For one partition and for one customer this is the recorded order: slices that share either follow one another
    in the ledger, so a later one has seen at least the labels of an earlier one.
    """
    return slices.take(np.lexsort((slices.slice_id, slices.label_seq)))


def windows(
    slices: LedgerSlices, beginning: Mapping[int, int], *, size: int = WINDOW_RECORDS, labels: int = WINDOW_LABELS
) -> Iterator[Window]:
    """Cut `ordered` slices; every offset from a partition's beginning to its last slice is in exactly one window.

    Slices that end before the beginning of what the log still holds are left out.
    """
    held = slices.last_offset >= np.array([beginning.get(p, 0) for p in slices.partition.tolist()], np.int64)
    slices = slices.take(held)
    reached = dict(beginning)
    records = np.cumsum(slices.last_offset - slices.first_offset + 1)
    start = 0
    while start < len(slices):
        before = int(records[start - 1]) if start else 0
        few_records = int(np.searchsorted(records, before + size, side="right"))
        few_labels = int(np.searchsorted(slices.label_seq, slices.label_seq[start] + labels, side="right"))
        stop = max(min(few_records, few_labels), start + 1)
        part = slices.take(slice(start, stop))
        yield Window(part, tuple(_ranges(part, reached)))
        start = stop


def remainder(reached: Mapping[int, int], ends: Mapping[int, int], *, size: int = WINDOW_RECORDS) -> Iterator[Range]:
    """What lies behind the last slice of each partition, in pieces."""
    for partition, end in ends.items():
        for first in range(reached.get(partition, 0), end, size):
            yield Range(partition, first, min(first + size, end))


def out_of_order(slices: LedgerSlices) -> Ints:
    """Ids of `ordered` slices that begin before an earlier one of their partition ended."""
    wrong: list[int] = []
    ends: dict[int, int] = {}
    places = zip(
        slices.partition.tolist(),
        slices.first_offset.tolist(),
        slices.last_offset.tolist(),
        slices.slice_id.tolist(),
        strict=True,
    )
    for partition, first, last, slice_id in places:
        if first <= ends.get(partition, -1):
            wrong.append(slice_id)
        ends[partition] = max(ends.get(partition, -1), last)
    return np.array(wrong, np.int64)


def _ranges(part: LedgerSlices, reached: dict[int, int]) -> Iterator[Range]:
    for partition in np.unique(part.partition).tolist():
        end = int(part.last_offset[part.partition == partition].max()) + 1
        first = reached.get(partition, 0)
        if end > first:
            yield Range(partition, first, end)
            reached[partition] = end
