"""`CaseReader` in memory, on the memory stores of slices and labels."""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from fraudstream.adapters.memory_label_desk import MemoryLabelDesk
from fraudstream.adapters.memory_labels import LabelFacts, MemoryLabelStore
from fraudstream.adapters.memory_ledger_rows import COMMIT_DELAY
from fraudstream.adapters.memory_slices import CommittedSlice, MemorySliceStore
from fraudstream.contracts.quarantine import masked
from fraudstream.errors import ModelUnavailable
from fraudstream.features.events import ABSENT, CATEGORIES, CHANNELS, LOCATIONS, PAYMENT_METHODS, Floats, uuid_at
from fraudstream.features.state import LABELS, MERCHANT_LABELS
from fraudstream.ports.cases import (
    EARLIER,
    AlertWay,
    Case,
    KnownOutcomes,
    ReceivedNotification,
    RecordPlace,
    RefusedPayment,
    Relayed,
    ScoredPayment,
)
from fraudstream.ports.label_desk import KnownPayment
from fraudstream.ports.labels import LabelRow


@dataclass(frozen=True)
class MemoryCases:
    """Looks into the stores as they are now; `relayed` and `notified` are what became of each alert, by its id."""

    slices: MemorySliceStore
    labels: MemoryLabelStore
    relayed: dict[uuid.UUID, list[Relayed]] = field(default_factory=dict)
    notified: dict[uuid.UUID, list[ReceivedNotification]] = field(default_factory=dict)

    def case(self, transaction_id: uuid.UUID) -> Case:
        """See `CaseReader.case`."""
        found = next(self._rows_of(transaction_id), None)
        payment = found and self._payment(*found)
        facts = self.labels.facts
        known = facts.payments.get(transaction_id)
        is_historical = known is not None and payment is None
        return Case(
            transaction_id=transaction_id,
            payment=payment,
            customer=_customer(facts, payment) if payment else KnownOutcomes(),
            merchant=_merchant(facts, payment) if payment else KnownOutcomes(),
            labels=tuple(MemoryLabelDesk(self.labels, self.slices).labels(transaction_id)),
            alert=self._alert(transaction_id),
            refused=tuple(self._refused(transaction_id)),
            historical=KnownPayment(known.user_id, _moment(known.event_time)) if known and is_historical else None,
        )

    def artefact(self, digest: str) -> bytes:
        """See `CaseReader.artefact`."""
        if digest not in self.slices.artefacts:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored")
        return self.slices.artefacts[digest]

    def _rows_of(self, transaction_id: uuid.UUID) -> Iterator[tuple[CommittedSlice, int]]:
        for committed in self.slices.slices:
            ids = committed.result.scored.payments.transaction_id
            yield from ((committed, row) for row in range(len(ids)) if uuid_at(ids, row) == transaction_id)

    def _payment(self, committed: CommittedSlice, row: int) -> ScoredPayment:
        result, scored = committed.result, committed.result.scored
        payments = scored.payments
        channel = int(payments.channel[row])
        return ScoredPayment(
            place=_place(committed, int(scored.offset[row])),
            log_time=_moment(float(scored.log_time[row])),
            user_id=int(payments.user_id[row]),
            event_time=_moment(float(payments.event_time[row])),
            amount=float(payments.amount[row]),
            merchant_category=CATEGORIES[payments.category[row]],
            location=LOCATIONS[payments.location[row]],
            payment_method=PAYMENT_METHODS[payments.payment_method[row]],
            merchant_id=_present(int(payments.merchant_id[row])),
            device_id=_present(int(payments.device_id[row])),
            channel=None if channel == ABSENT else CHANNELS[channel],
            currency=scored.currency[row].decode() or None,
            score=float(scored.score[row]),
            alert=bool(scored.alert[row]),
            slice_id=result.slice_id,
            label_seq=result.label_seq,
            committed_at=_moment(float(scored.log_time.max()) + COMMIT_DELAY),
            deployment=result.deployment,
            features=scored.features[row].copy(),
            earlier=self._earlier(committed, row),
        )

    def _earlier(self, committed: CommittedSlice, row: int) -> Floats:
        user = committed.result.scored.payments.user_id[row]
        version = committed.result.deployment.catalogue_version
        this = (committed.result.slice_id, int(committed.result.scored.offset[row]))
        rows = [
            ((other.result.slice_id, int(scored.offset[at])), scored.features[at])
            for other in self.slices.slices
            for scored in [other.result.scored]
            for at in np.flatnonzero(scored.payments.user_id == user).tolist()
            if other.result.deployment.catalogue_version == version
        ]
        before = sorted((item for item in rows if item[0] < this), key=lambda item: item[0], reverse=True)
        vectors = [vector for _, vector in before[:EARLIER]]
        return np.array(vectors, np.float64).reshape(len(vectors), committed.result.scored.features.shape[1])

    def _alert(self, transaction_id: uuid.UUID) -> AlertWay | None:
        for committed in self.slices.slices:
            for raised in committed.result.alerts:
                alert = raised.alert
                if alert.transaction_id == transaction_id:
                    created = _moment(float(committed.result.scored.log_time.max()))
                    sent = self.relayed.get(alert.alert_id, [Relayed(None, None, None)])
                    told = self.notified.get(alert.alert_id, [])
                    return AlertWay(alert.alert_id, alert.threshold, alert.reasons, created, tuple(sent), tuple(told))
        return None

    def _refused(self, transaction_id: uuid.UUID) -> list[RefusedPayment]:
        spellings = (str(transaction_id), str(transaction_id).upper(), transaction_id.hex)
        sought = [masked(spelling.encode()) for spelling in spellings]
        return [
            RefusedPayment(_place(committed, row.offset), _moment(row.log_time), row.reason, row.detail)
            for committed in self.slices.slices
            for row in committed.result.quarantined
            if row.detail.endswith(str(transaction_id)) or any(spelling in row.raw for spelling in sought)
        ]


def _customer(facts: LabelFacts, payment: ScoredPayment) -> KnownOutcomes:
    initial = facts.initial_customer_risk.get(payment.user_id)
    rows = [row for row in _seen(facts, payment) if row.payment and row.payment.user_id == payment.user_id]
    return _outcomes(0 if initial is None else int(initial[LABELS]), rows)


def _merchant(facts: LabelFacts, payment: ScoredPayment) -> KnownOutcomes:
    if payment.merchant_id is None:
        return KnownOutcomes()
    initial = facts.initial_merchant_risk.get(payment.merchant_id)
    rows = [row for row in _seen(facts, payment) if row.payment and row.payment.merchant_id == payment.merchant_id]
    return _outcomes(0 if initial is None else int(initial[MERCHANT_LABELS]), rows)


def _seen(facts: LabelFacts, payment: ScoredPayment) -> list[LabelRow]:
    """The labels that the score had seen, in their order."""
    turned = [(row.label_seq, row) for row in facts.labels.values() if row.label_seq is not None]
    wanted = [item for item in turned if (facts.base or 0) < item[0] <= payment.label_seq]
    return [row for _, row in sorted(wanted, key=lambda item: item[0])]


def _outcomes(before_log: int, rows: Sequence[LabelRow]) -> KnownOutcomes:
    newest = {row.label.transaction_id: row.label.is_fraud for row in rows}
    return KnownOutcomes(before_log, len(newest), sum(newest.values()))


def _place(committed: CommittedSlice, offset: int) -> RecordPlace:
    part = committed.part
    return RecordPlace(part.topic, part.topic_id, part.partition, offset)


def _present(value: int) -> int | None:
    return None if value == ABSENT else value


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
