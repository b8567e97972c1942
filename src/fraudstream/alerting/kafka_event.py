"""The event AWS hands to a function whose source is a Kafka topic, built from records.

Shape: https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html and
https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from fraudstream.ports.records import Record

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes of JSON that one invocation may carry; AWS's limit for synchronous invocations."""
_FRAME = 1_024
"""Bytes kept free for what surrounds the records of one partition."""


@dataclass(frozen=True)
class EventSource:
    """Where records come from: an MSK cluster if there is an ARN, a self-managed one otherwise."""

    bootstrap_servers: str
    cluster_arn: str | None = None


class EventRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One record as AWS writes it: bytes in base64, headers as signed bytes, time in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: Literal["CREATE_TIME", "LOG_APPEND_TIME"]
    key: bytes | None = None
    value: bytes | None = None
    headers: Sequence[dict[str, list[int]]]


class _Event(msgspec.Struct, kw_only=True, omit_defaults=True, rename="camel"):
    event_source: Literal["aws:kafka", "SelfManagedKafka"]
    event_source_arn: str | None = None
    bootstrap_servers: str
    records: dict[str, list[msgspec.Raw]]


def place_of(record: Record) -> str:
    """How AWS names a partition: `topic-partition`."""
    return f"{record.topic}-{record.partition}"


def build_event(records: Sequence[Record], source: EventSource) -> bytes:
    """The event as UTF-8 JSON; records of a partition stay in their order."""
    by_place: dict[str, list[msgspec.Raw]] = {}
    for record in records:
        by_place.setdefault(place_of(record), []).append(msgspec.Raw(_encoded(record)))
    return msgspec.json.encode(
        _Event(
            event_source="aws:kafka" if source.cluster_arn else "SelfManagedKafka",
            event_source_arn=source.cluster_arn,
            bootstrap_servers=source.bootstrap_servers,
            records=by_place,
        )
    )


def batches(records: Sequence[Record], *, most: int, payload_limit: int = PAYLOAD_LIMIT) -> Iterator[list[Record]]:
    """Cut records, in their order, into batches of at most `most` records that fit into one invocation each."""
    batch: list[Record] = []
    size, places = 0, set[str]()
    for record in records:
        room = len(_encoded(record)) + 1 + (0 if place_of(record) in places else _FRAME)
        if batch and (len(batch) == most or size + room > payload_limit):
            yield batch
            batch, size, places = [], 0, set()
            room = len(_encoded(record)) + 1 + _FRAME
        batch.append(record)
        places.add(place_of(record))
        size += room
    if batch:
        yield batch


def _encoded(record: Record) -> bytes:
    return msgspec.json.encode(
        EventRecord(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp=round(record.log_time * 1_000),
            timestamp_type="LOG_APPEND_TIME" if record.stamped_by_broker else "CREATE_TIME",
            key=record.key,
            value=record.value,
            headers=[{name: _signed(value or b"")} for name, value in record.headers],
        )
    )


def _signed(value: bytes) -> list[int]:
    """Bytes as Java prints them, from -128 to 127."""
    return [byte - 256 if byte > 127 else byte for byte in value]  # noqa: PLR2004 - the largest signed byte
