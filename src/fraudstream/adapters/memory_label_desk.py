"""`LabelDesk` in memory, on the memory stores of labels and slices."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fraudstream.adapters.memory_labels import MemoryLabelStore
from fraudstream.adapters.memory_slices import MemorySliceStore
from fraudstream.ports.label_desk import KnownPayment, LabelFate, LabelPlace, StoredLabel
from fraudstream.ports.labels import LabelRow
from fraudstream.ports.records import Record


@dataclass(frozen=True)
class MemoryLabelDesk:
    """Looks into the stores as they are now."""

    labels_store: MemoryLabelStore
    slices: MemorySliceStore

    def payment(self, transaction_id: uuid.UUID) -> KnownPayment | None:
        """See `LabelDesk.payment`."""
        known = self.labels_store.facts.payments.get(transaction_id)
        return None if known is None else KnownPayment(known.user_id, _moment(known.event_time))

    def alerted(self, alert_id: uuid.UUID) -> uuid.UUID | None:
        """See `LabelDesk.alerted`."""
        raised = (item.alert for committed in self.slices.slices for item in committed.result.alerts)
        return next((alert.transaction_id for alert in raised if alert.alert_id == alert_id), None)

    def labels(self, transaction_id: uuid.UUID) -> Sequence[StoredLabel]:
        """See `LabelDesk.labels`."""
        rows = [row for row in self.labels_store.facts.labels.values() if row.label.transaction_id == transaction_id]
        return [_stored(row) for row in sorted(rows, key=_turn)]

    def outcomes(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, bool]:
        """See `LabelDesk.outcomes`."""
        with self.labels_store.transaction() as transaction:
            return transaction.outcomes(ids)

    def stream_time(self) -> dt.datetime | None:
        """See `LabelDesk.stream_time`."""
        newest = [float(item.result.scored.payments.event_time.max(initial=0.0)) for item in self.slices.slices[-20:]]
        return _moment(max(newest)) if any(newest) else None

    def fate(self, place: LabelPlace) -> LabelFate | None:
        """See `LabelDesk.fate`."""
        facts = self.labels_store.facts
        row = facts.labels.get((place.topic_id, place.partition, place.offset))
        if row is not None:
            return LabelFate(row.label_seq)
        refused = [item for item in facts.refused if _place(item.record) == (place.partition, place.offset)]
        return LabelFate(refused=f"{refused[0].reason}: {refused[0].detail}") if refused else None


def _place(record: Record) -> tuple[int, int]:
    return record.partition, record.offset


def _stored(row: LabelRow) -> StoredLabel:
    place = LabelPlace(row.topic_id, row.partition, row.offset)
    return StoredLabel(place, row.label_seq, row.label.is_fraud, row.label.source, row.label.arrived_at)


def _turn(row: LabelRow) -> tuple[float, int, int]:
    return (float("inf") if row.label_seq is None else row.label_seq, row.partition, row.offset)


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
