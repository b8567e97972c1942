"""A parked record is read back as it was written, and what is none says so."""

import msgspec
import pytest

from fraudstream.contracts.parked import ParkedRecord, encode_parked, parse_parked
from fraudstream.errors import MalformedEvent

PARKED = ParkedRecord(
    topic="alerts",
    partition=0,
    offset=7,
    timestamp=1_764_000_000.25,
    reason="record_failed",
    detail="named by the function as failed",
    attempts=3,
    key=b"42",
    value=b"\xff not text",
)


@pytest.mark.parametrize("record", [PARKED, msgspec.structs.replace(PARKED, key=None, value=None)])
def test_a_parked_record_keeps_every_byte(record: ParkedRecord) -> None:
    assert parse_parked(encode_parked(record)) == record


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"not json", "not_json"),
        (b"\xff", "not_json"),
        (b"[]", "invalid_field"),
        (encode_parked(PARKED).replace(b"record_failed", b"bad_luck"), "invalid_field"),
    ],
)
def test_what_is_no_parked_record_says_why(value: bytes | None, reason: str) -> None:
    with pytest.raises(MalformedEvent, match=reason):
        parse_parked(value)
