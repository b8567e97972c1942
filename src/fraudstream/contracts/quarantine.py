"""A record that could not be scored, with its reason and its bytes, masked and bounded."""

import base64
from typing import Literal, get_args

import msgspec

from fraudstream.masking import masked_bytes

QuarantineReason = Literal[
    "empty",
    "not_json",
    "not_an_object",
    "invalid_utf8",
    "invalid_field",
    "nested_too_deeply",
    "timestamp_out_of_range",
    "conflicting_id",
]
QUARANTINE_REASONS: tuple[str, ...] = get_args(QuarantineReason)

RAW_LIMIT = 2_048
"""Bytes of a quarantined record that are kept: enough to recognise it, too few to hoard it."""


class QuarantineRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One quarantined record, version 1 of the contract; `raw` is base64 of the masked, bounded bytes."""

    topic: str
    partition: int
    offset: int
    reason: QuarantineReason
    detail: str
    raw: str
    raw_size: int


def masked(raw: bytes | None) -> bytes:
    """The first `RAW_LIMIT` bytes with every card-number-like run of 13 to 19 digits reduced to its last four."""
    bounded = (raw or b"")[: RAW_LIMIT + 64]
    return masked_bytes(bounded)[:RAW_LIMIT]


def encode_quarantine_record(record: QuarantineRecord) -> bytes:
    """The record as it stands in its topic: UTF-8 JSON."""
    return msgspec.json.encode(record)


def as_text(raw: bytes) -> str:
    """Raw bytes in a form JSON can carry."""
    return base64.b64encode(raw).decode("ascii")
