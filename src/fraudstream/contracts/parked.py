"""A record that could not be delivered, as it stands parked in the on-failure topic until a person looks at it."""

from typing import Literal

import msgspec

from fraudstream.contracts.json_record import decoded

ParkingReason = Literal["record_failed", "function_failed", "too_old"]


class ParkedRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One undelivered record, version 1: where it stands, why it failed, and its bytes (base64) if they fit.

    `timestamp` is the broker's time of the record itself, in seconds since 1970 UTC; `attempts` is how often it was
    tried.
    """

    topic: str
    partition: int
    offset: int
    timestamp: float
    reason: ParkingReason
    detail: str
    attempts: int
    key: bytes | None = None
    value: bytes | None = None


_decoder = msgspec.json.Decoder(ParkedRecord)


def parse_parked(value: bytes | None) -> ParkedRecord:
    """Read one record of the on-failure topic.

    Raises:
        MalformedEvent: the bytes are not a parked record.
    """
    return decoded(_decoder, value)


def encode_parked(record: ParkedRecord) -> bytes:
    """The record as it stands in its topic: UTF-8 JSON."""
    return msgspec.json.encode(record)
