"""Where records go that could not be delivered: the on-failure topic, with the reason and the way back."""

from typing import Literal

import msgspec
import structlog

from fraudstream.contracts.topics import FAILED_ALERTS, MAX_MESSAGE_BYTES
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.records import Delivery, Record, RecordProducer

FLUSH_TIMEOUT = 130.0
"""Seconds until a parked record must be acknowledged; a little more than the producer's own limit."""
_ROOM = 4_096
"""Bytes kept free for key and framing of the largest parked record."""

ParkingReason = Literal["record_failed", "function_failed", "too_old"]

log = structlog.get_logger()


class ParkedRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One undelivered record, version 1: where it stands, why it failed, and its bytes (base64) if they fit."""

    topic: str
    partition: int
    offset: int
    timestamp: float
    reason: ParkingReason
    detail: str
    attempts: int
    key: bytes | None = None
    value: bytes | None = None


class Parking:
    """Writes undelivered records to the on-failure topic."""

    def __init__(self, producer: RecordProducer, topic: str = FAILED_ALERTS) -> None:
        self._producer = producer
        self._topic = topic

    def park(self, record: Record, reason: ParkingReason, detail: str, attempts: int) -> None:
        """Return once the record stands in the on-failure topic.

        Raises:
            TemporarilyUnavailable: it was not acknowledged; the record must not be passed over.
        """
        parked = ParkedRecord(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp=record.log_time,
            reason=reason,
            detail=detail[: _ROOM // 4],
            attempts=attempts,
            key=record.key,
            value=record.value,
        )
        content = msgspec.json.encode(parked)
        if len(content) > MAX_MESSAGE_BYTES - _ROOM:
            content = msgspec.json.encode(msgspec.structs.replace(parked, value=None))
        reports: list[Delivery] = []
        self._producer.send(self._topic, key=record.key, value=content, on_delivery=reports.append)
        self._producer.flush(FLUSH_TIMEOUT)
        if not reports or reports[0].error is not None:
            trouble = reports[0].error if reports else "no acknowledgement"
            raise TemporarilyUnavailable(
                f"{record.topic}/{record.partition} offset {record.offset} was not parked in {self._topic}: {trouble}"
            )
        log.error(
            "record parked",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=reason,
            detail=parked.detail,
            attempts=attempts,
        )
