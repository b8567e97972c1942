"""From records of the label log to labels, or to a reason why a record is none."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from fraudstream.contracts.label import Label, parse_label
from fraudstream.contracts.quarantine import QUARANTINE_REASONS, QuarantineReason, masked
from fraudstream.contracts.transaction import EARLIEST
from fraudstream.errors import MalformedEvent
from fraudstream.ports.labels import LabelRow, RefusedRecord
from fraudstream.ports.records import Record


@dataclass(frozen=True)
class Intake:
    """What a batch of records holds, each record in exactly one of the two, in the order of the log."""

    labels: tuple[LabelRow, ...]
    refused: tuple[RefusedRecord, ...]


def take_in(records: Sequence[Record], topic_id: str, *, max_future: dt.timedelta) -> Intake:
    """Read records of the label log.

    Args:
        records: in the order of the log.
        topic_id: the log they stand in.
        max_future: how far a label's arrival may lie beyond the broker's time of its record.
    """
    labels: list[LabelRow] = []
    refused: list[RefusedRecord] = []
    for record in records:
        try:
            label = _read(record, max_future)
        except MalformedEvent as error:
            refused.append(RefusedRecord(record, _reason(error.reason), _printable(error.detail)))
        else:
            labels.append(LabelRow(topic_id, record.partition, record.offset, label))
    return Intake(tuple(labels), tuple(refused))


def _read(record: Record, max_future: dt.timedelta) -> Label:
    label = parse_label(record.value)
    try:
        arrived = label.arrived_at
        arrived = arrived.replace(tzinfo=dt.UTC) if arrived.tzinfo is None else arrived.astimezone(dt.UTC)
    except OverflowError as error:
        raise MalformedEvent("timestamp_out_of_range", f"{label.arrived_at} is not a time in UTC") from error
    if arrived < EARLIEST:
        raise MalformedEvent("timestamp_out_of_range", f"{arrived.isoformat()} is before {EARLIEST.isoformat()}")
    if arrived.timestamp() > record.log_time + max_future.total_seconds():
        raise MalformedEvent("timestamp_out_of_range", f"{arrived.isoformat()} lies in the future of the broker")
    return msgspec.structs.replace(label, arrived_at=arrived)


def _printable(detail: str) -> str:
    """The detail may quote the record: masked like it, and without what a database text cannot hold."""
    return masked(detail.encode("utf-8", "replace")).decode("utf-8", "replace").replace("\x00", "\ufffd")


def _reason(reason: str) -> QuarantineReason:
    for known in QUARANTINE_REASONS:
        if known == reason:
            return known  # type: ignore[return-value]  # one of the literals, by the comparison
    raise AssertionError(f"{reason} is not a reason of the quarantine contract")
