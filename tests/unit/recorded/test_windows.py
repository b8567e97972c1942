import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fraudstream.ports.ledger import LedgerSlices
from fraudstream.recorded.windows import Range, ordered, out_of_order, remainder, windows


def slices(*rows: tuple[int, int, int, int, int]) -> LedgerSlices:
    """Slices from (id, partition, first offset, last offset, label turn)."""
    slice_id, partition, first, last, label_seq = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    zeros = np.zeros(len(rows), np.int64)
    return LedgerSlices(
        slice_id, partition, first, last, label_seq, zeros, zeros, zeros, zeros, zeros.astype(np.float64)
    )


def test_slices_are_ordered_by_the_labels_they_saw_and_then_by_number() -> None:
    found = ordered(slices((1, 0, 0, 1, 5), (2, 1, 0, 1, 3), (3, 1, 2, 3, 5)))

    assert found.slice_id.tolist() == [2, 1, 3]


@given(
    lengths=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=1, max_size=20), size=st.integers(1, 30)
)
def test_windows_cover_every_offset_once(lengths: list[tuple[int, int]], size: int) -> None:
    ends = {0: 0, 1: 0, 2: 0}
    rows = []
    for number, (partition, length) in enumerate(lengths):
        rows.append((number, partition, ends[partition], ends[partition] + length - 1, number))
        ends[partition] += length

    found = list(windows(slices(*rows), {0: 0, 1: 0, 2: 0}, size=size))

    covered = [
        (part.partition, offset) for window in found for part in window.ranges for offset in range(part.first, part.end)
    ]
    assert covered.count((0, 0)) <= 1
    assert sorted(covered) == sorted((partition, offset) for partition, end in ends.items() for offset in range(end))
    assert np.concatenate([window.slices.slice_id for window in found]).tolist() == list(range(len(rows)))


def test_offsets_between_slices_belong_to_the_next_one() -> None:
    """Transaction markers take offsets too, and belong to no slice."""
    found = list(windows(slices((1, 0, 0, 1, 0), (2, 0, 5, 6, 0)), {0: 0}, size=2))

    assert [window.ranges for window in found] == [(Range(0, 0, 2),), (Range(0, 2, 7),)]


def test_slices_before_the_beginning_of_the_log_are_left_out() -> None:
    found = list(windows(slices((1, 0, 0, 3, 0), (2, 0, 4, 9, 0)), {0: 6}))

    assert [(window.slices.slice_id.tolist(), window.ranges) for window in found] == [([2], (Range(0, 6, 10),))]


def test_the_remainder_is_cut_too() -> None:
    assert list(remainder({0: 3}, {0: 8, 1: 2}, size=4)) == [Range(0, 3, 7), Range(0, 7, 8), Range(1, 0, 2)]


def test_slices_of_one_partition_must_not_overlap() -> None:
    found = out_of_order(slices((1, 0, 0, 3, 0), (2, 1, 2, 3, 0), (3, 0, 3, 5, 0), (4, 0, 6, 7, 0)))

    assert found.tolist() == [3]
