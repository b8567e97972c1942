"""Records are read one by one; what can't be read keeps its place, its reason and a harmless trace of its bytes."""

import numpy as np
from tests.unit.scoring.world import DAY, NOW, encoded

from fraudstream.scoring.parse import LogRecords, ReadRecords, quarantined, read_records


def read(*values: bytes | None, first_offset: int = 10, max_future: float = DAY) -> ReadRecords:
    count = len(values)
    return read_records(LogRecords(first_offset + np.arange(count), np.full(count, NOW), values), max_future=max_future)


def test_good_and_bad_records_keep_their_offsets() -> None:
    records = read(encoded(), b"bad", encoded(), None)

    assert records.offset.tolist() == [10, 12]
    assert records.log_time.tolist() == [NOW, NOW]
    assert len(records.parsed) == len(records.values) == 2
    assert [(row.offset, row.reason, row.raw_size) for row in records.malformed] == [
        (11, "not_json", 3),
        (13, "empty", 0),
    ]


def test_a_payment_may_lie_as_far_in_the_future_as_allowed_and_no_further() -> None:
    tomorrow = encoded(timestamp="2025-11-25T16:00:00Z")

    assert len(read(tomorrow, max_future=DAY).parsed) == 1
    assert read(tomorrow, max_future=DAY - 1).malformed[0].reason == "timestamp_out_of_range"


def test_what_was_committed_before_is_left_out() -> None:
    records = read(encoded(), b"bad", encoded(), b"bad", encoded())

    left = records.since(12)
    assert left.offset.tolist() == [12, 14]
    assert len(left.parsed) == len(left.values) == 2
    assert [row.offset for row in left.malformed] == [13]
    assert left.bounds() == (12, 14)


def test_bounds_reach_over_bad_records_at_both_ends() -> None:
    assert read(b"bad", encoded(), b"bad").bounds() == (10, 12)
    assert read(b"bad").bounds() == (10, 10)
    assert read().bounds() is None


def test_a_detail_is_masked_bounded_and_printable() -> None:
    row = quarantined(0, NOW, "invalid_field", "value 4111111111111111 \x00\n\ud800" + "x" * 5_000, b"raw")

    assert "4111111111111111" not in row.detail
    assert "1111" in row.detail
    assert len(row.detail) == 200
    assert row.detail.isprintable()


def test_a_quoted_value_does_not_come_through_the_detail() -> None:
    (row,) = read(encoded(merchant_category="4111 1111 1111 1111")).malformed

    assert "4111 1111 1111 1111" not in row.detail
