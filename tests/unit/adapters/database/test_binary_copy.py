"""Streams built by numpy, read back field by field as PostgreSQL's documentation describes them."""

import struct
import uuid

import numpy as np
import pytest

from fraudstream.adapters.database import binary_copy as wire


def fields_of(stream: bytes | bytearray) -> list[list[bytes | None]]:
    assert stream.startswith(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
    place, rows = 19, list[list[bytes | None]]()
    while (count := struct.unpack_from(">h", stream, place)[0]) != -1:
        place += 2
        row: list[bytes | None] = []
        for _ in range(count):
            (length,) = struct.unpack_from(">i", stream, place)
            place += 4
            row.append(None if length == -1 else bytes(stream[place : place + length]))
            place += max(length, 0)
        rows.append(row)
    assert place + 2 == len(stream)
    return rows


def test_every_kind_of_column_has_its_wire_form() -> None:
    ids = np.frombuffer(uuid.UUID(int=1).bytes, np.uint8).reshape(1, 16)
    columns = [
        wire.smallint("a", np.array([-2])),
        wire.integer("b", np.array([70_000])),
        wire.bigint("c", np.array([-(2**62)])),
        wire.double("d", np.array([0.1])),
        wire.boolean("e", np.array([True])),
        wire.timestamp("f", np.array([946_684_801.5])),
        wire.raw("g", ids),
        wire.raw("h", np.array([[1.5, -2.0]])),
        wire.text("i", np.array([b"USD"], "S3")),
        wire.same("j", 1, 9),
        wire.same_bytes("k", 1, b"xyz"),
        wire.same_integer("l", 1, 70_000),
    ]
    (row,) = fields_of(wire.payload(columns))

    assert row == [
        struct.pack(">h", -2),
        struct.pack(">i", 70_000),
        struct.pack(">q", -(2**62)),
        struct.pack(">d", 0.1),
        b"\x01",
        struct.pack(">q", 1_500_000),
        uuid.UUID(int=1).bytes,
        struct.pack("<2d", 1.5, -2.0),
        b"USD",
        struct.pack(">q", 9),
        b"xyz",
        struct.pack(">i", 70_000),
    ]


def test_nulls_may_stand_anywhere() -> None:
    number = np.arange(6)
    first, second = number % 2 == 0, number % 3 == 0
    columns = [
        wire.bigint("number", number),
        wire.bigint("first", number * 10, first),
        wire.smallint("second", number * 100, second),
    ]
    rows = fields_of(wire.payload(columns))

    assert len(rows) == 6
    for row in rows:
        (at,) = struct.unpack(">q", row[0] or b"")
        assert row[1] == (struct.pack(">q", at * 10) if first[at] else None)
        assert row[2] == (struct.pack(">h", at * 100) if second[at] else None)


def test_no_rows_are_an_empty_stream() -> None:
    assert fields_of(wire.payload([wire.bigint("a", np.empty(0, np.int64), np.empty(0, np.bool_))])) == []


def test_fields_of_any_width_are_written_one_by_one() -> None:
    rows = [
        (wire.integer_field(-1), wire.bigint_field(2), wire.double_field(0.5), None),
        (wire.timestamp_field(946_684_800.0), wire.jsonb_field(b"[]"), b"", b"text"),
    ]

    assert fields_of(wire.variable_payload(rows)) == [
        [struct.pack(">i", -1), struct.pack(">q", 2), struct.pack(">d", 0.5), None],
        [bytes(8), b"\x01[]", b"", b"text"],
    ]


@pytest.mark.parametrize(
    "seconds", [0.0, 1_764_000_000.123456, 1_120_952_343.536419, 946_684_799.999999, 253_402_300_799.999]
)
def test_moments_keep_their_microseconds(seconds: float) -> None:
    expected = struct.pack(">q", round(seconds * 1e6) - 946_684_800_000_000)

    assert wire.timestamp_field(seconds) == expected
    assert fields_of(wire.payload([wire.timestamp("a", np.array([seconds]))])) == [[expected]]


def test_keyed_rows_are_read_back() -> None:
    aggregate = struct.pack(">q2d", 7, 0, 0)[:8] + struct.pack("<2d", 1.5, 2.5)
    aggregate += struct.pack(">q", -8) + struct.pack("<2d", 3.5, 4.5)
    keys, rows = wire.keyed_rows(aggregate, 2)

    assert keys.tolist() == [7, -8]
    assert rows.tolist() == [[1.5, 2.5], [3.5, 4.5]]
    assert wire.keyed_rows(None, 2)[1].shape == (0, 2)


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="buffer size must be a multiple"):
        wire.keyed_rows(bytes(30), 2)
