"""Reads what a function answered about a batch, by AWS's rules for partial batch responses.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html has the rules for streams;
for Kafka an item is named by an object of partition and offset.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from fraudstream.alerting.kafka_event import place_of
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.delivery import FunctionAnswer
from fraudstream.ports.records import Record

WAITS = TemporarilyUnavailable.__name__
"""The `errorType` by which a function says that what it depends on is away."""


@dataclass(frozen=True)
class Verdict:
    """What became of a batch: `error` if all of it failed, else the records that did (none: success).

    `waits` says that the function failed because what it depends on is away: no fault of any record, and none of the
    function.
    """

    failed: tuple[Record, ...] = ()
    error: str | None = None
    waits: bool = False


class _Item(msgspec.Struct, rename="camel"):
    partition: str
    offset: int


class _Failure(msgspec.Struct, rename="camel"):
    item_identifier: _Item


class _Response(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    batch_item_failures: list[_Failure] | None = None


class _ErrorDocument(msgspec.Struct, rename="camel"):
    error_type: str


_error_decoder = msgspec.json.Decoder(_ErrorDocument)
_decoder = msgspec.json.Decoder(_Response | None)


def read_answer(answer: FunctionAnswer, batch: Sequence[Record]) -> Verdict:
    """Decide which records of `batch` failed.

    A list without items, no list and no answer at all mean success. An error, an answer of another shape and an item
    that isn't in the batch mean that all of it failed: a function that says something incomprehensible hasn't
    confirmed anything.
    """
    if answer.error is not None:
        return Verdict(error=answer.error, waits=_error_type(answer.payload) == WAITS)
    try:
        response = _decoder.decode(answer.payload or b"null")
    except msgspec.DecodeError as error:
        return Verdict(error=f"malformed answer: {error}")
    named = [failure.item_identifier for failure in (response.batch_item_failures if response else None) or []]
    by_name = {(place_of(record), record.offset): record for record in batch}
    unknown = [item for item in named if (item.partition, item.offset) not in by_name]
    if unknown:
        return Verdict(error=f"malformed answer: {unknown[0].partition} offset {unknown[0].offset} is not in the batch")
    return Verdict(failed=tuple(by_name[item.partition, item.offset] for item in named))


def _error_type(document: bytes) -> str | None:
    try:
        return _error_decoder.decode(document).error_type
    except msgspec.DecodeError:
        return None
