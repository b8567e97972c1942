"""Where records go that could not be delivered: the on-failure topic, with the reason and the way back."""

import uuid
from contextlib import suppress
from typing import get_args

import msgspec
import structlog

from fraudstream.contracts.parked import ParkedRecord, ParkingReason, encode_parked
from fraudstream.contracts.topics import FAILED_ALERTS, MAX_MESSAGE_BYTES
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import PARKED
from fraudstream.ports.records import Delivery, Record, RecordProducer

FLUSH_TIMEOUT = 130.0
"""Seconds until a parked record must be acknowledged; a little more than the producer's own limit."""
_ROOM = 4_096
"""Bytes kept free for key and framing of the largest parked record."""

log = structlog.get_logger()


class _About(msgspec.Struct):
    transaction_id: uuid.UUID


_about = msgspec.json.Decoder(_About)


class Parking:
    """Writes undelivered records to the on-failure topic."""

    def __init__(self, producer: RecordProducer, topic: str = FAILED_ALERTS, *, board: Board | None = None) -> None:
        self._producer = producer
        self._topic = topic
        self._board = board or Board("lambda-trigger")
        for reason in get_args(ParkingReason):
            self._board.count(PARKED, 0, reason)  # there from the start, so that the first one is seen to come

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
        content = encode_parked(parked)
        if len(content) > MAX_MESSAGE_BYTES - _ROOM:
            content = encode_parked(msgspec.structs.replace(parked, value=None))
        reports: list[Delivery] = []
        self._producer.send(self._topic, key=record.key, value=content, on_delivery=reports.append)
        self._producer.flush(FLUSH_TIMEOUT)
        if not reports or reports[0].error is not None:
            trouble = reports[0].error if reports else "no acknowledgement"
            raise TemporarilyUnavailable(
                f"{record.topic}/{record.partition} offset {record.offset} was not parked in {self._topic}: {trouble}"
            )
        self._board.count(PARKED, 1, reason)
        log.error(
            "record parked",
            transaction_id=_transaction_of(record.value),
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=reason,
            detail=parked.detail,
            attempts=attempts,
        )


def _transaction_of(value: bytes | None) -> str | None:
    """Which payment a record is about, where that can be read."""
    with suppress(msgspec.MsgspecError):
        return str(_about.decode(value or b"").transaction_id)
    return None
