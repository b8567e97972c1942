"""`Ledger` in memory: rows taken from the memory stores, which a test may then change as it likes."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from fraudstream.adapters.memory_labels import LabelFacts, initial_rows, stored_history
from fraudstream.adapters.memory_ledger_rows import (
    QuarantineRow,
    ScoreRow,
    SliceRow,
    quarantine_rows,
    score_rows,
    slice_row,
)
from fraudstream.adapters.memory_slices import CommittedSlice, MemorySliceStore
from fraudstream.contracts.alert import parse_alert
from fraudstream.contracts.money import cents
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import Bytes, Floats, Ints, uuid_at
from fraudstream.features.label_history import UNLABELLED, LabelHistory, RiskRows
from fraudstream.features.state import CUSTOMER_STATE_WIDTH
from fraudstream.ports.ledger import (
    AlertAmounts,
    AlertFacts,
    FirstAlert,
    LabelSteps,
    LedgerSlices,
    Pending,
    StoredBodies,
    StoredQuarantine,
    StoredScores,
    StoredVectors,
)
from fraudstream.ports.slices import Deployment


@dataclass
class MemoryLedger:
    """`Ledger` and `LedgerSnapshot` at once."""

    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    scored: list[ScoreRow] = field(default_factory=list)
    quarantine: list[QuarantineRow] = field(default_factory=list)
    slice_rows: list[SliceRow] = field(default_factory=list)
    deployed: dict[int, Deployment] = field(default_factory=dict)
    artefacts: dict[str, bytes] = field(default_factory=dict)
    alert_rows: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)
    alert_amounts: dict[uuid.UUID, float] = field(default_factory=dict)
    published_amounts: dict[uuid.UUID, float] = field(default_factory=dict)
    published: list[uuid.UUID] = field(default_factory=list)
    notifications: list[uuid.UUID] = field(default_factory=list)
    held_back: list[uuid.UUID] = field(default_factory=list)
    initial_states: dict[int, Floats] = field(default_factory=dict)
    label_facts: LabelFacts = field(default_factory=LabelFacts)

    def take(self, store: MemorySliceStore) -> None:
        """Add everything a slice store holds; each alert counts as published and notified."""
        self.artefacts |= store.artefacts
        self.next_offsets |= {place: offset for place, (offset, _) in store.positions.items()}
        for committed in store.slices:
            self._take_slice(committed)

    @contextmanager
    def snapshot(self) -> Iterator["MemoryLedger"]:
        """See `Ledger.snapshot`."""
        yield self

    def pending(self, topic_id: str, *, before: float | None = None) -> Pending:  # noqa: ARG002
        """See `Ledger.pending`."""
        unnotified = len({alert for alert, _ in self.alert_rows} - set(self.notifications) - set(self.held_back))
        return Pending(0.0, self.positions(topic_id), 0, unnotified)

    def notified(self) -> Sequence[uuid.UUID]:
        """See `Ledger.notified`."""
        return list(self.notifications)

    def held(self) -> Sequence[uuid.UUID]:
        """See `Ledger.held`."""
        return list(self.held_back)

    def positions(self, topic_id: str) -> Mapping[int, int]:
        """See `LedgerSnapshot.positions`."""
        return {partition: end for (topic, partition), end in self.next_offsets.items() if topic == topic_id}

    def slices(self, topic_id: str) -> LedgerSlices:
        """See `LedgerSnapshot.slices`."""
        rows = [row for row in self.slice_rows if row.topic_id == topic_id]
        names = [name for name in LedgerSlices.__dataclass_fields__ if name != "committed_at"]
        columns = {name: np.array([getattr(row, name) for row in rows], np.int64) for name in names}
        return LedgerSlices(**columns, committed_at=np.array([row.committed_at for row in rows], np.float64))

    def deployments(self) -> Mapping[int, Deployment]:
        """See `LedgerSnapshot.deployments`."""
        return self.deployed

    def active_version(self) -> str:
        """See `LedgerSnapshot.active_version`."""
        return self.deployed[max(self.deployed)].model_version if self.deployed else ""

    def artefact(self, digest: str) -> bytes:
        """See `LedgerSnapshot.artefact`."""
        if digest not in self.artefacts:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored")
        return self.artefacts[digest]

    def customers(self, topic_id: str, first_offsets: Mapping[int, int]) -> tuple[Ints, Ints]:
        """See `LedgerSnapshot.customers`."""
        elsewhere = {
            row.user_id
            for row in self.scored
            if row.topic_id != topic_id or row.offset < first_offsets.get(row.partition, row.offset + 1)
        }
        counts = Counter(row.user_id for row in self.scored if row.user_id not in elsewhere)
        users = sorted(counts)
        return np.array(users, np.int64), np.array([counts[user] for user in users], np.int64)

    def scores(self, topic_id: str, partition: int, first: int, end: int | None) -> StoredScores:
        """See `LedgerSnapshot.scores`."""
        rows = self._scored(topic_id, partition, first, end)
        return StoredScores(
            offset=np.array([row.offset for row in rows], np.int64),
            slice_id=np.array([row.slice_id for row in rows], np.int64),
            transaction_id=_id_bytes([row.transaction_id for row in rows]),
            body_hash=np.array([row.body_hash for row in rows], np.int64),
            user_id=np.array([row.user_id for row in rows], np.int64),
            event_time=np.array([row.event_time for row in rows], np.float64),
            amount=np.array([row.amount for row in rows], np.float64),
            log_time=np.array([row.log_time for row in rows], np.float64),
            score=np.array([row.score for row in rows], np.float64),
            alert=np.array([row.alert for row in rows], np.bool_),
        )

    def vectors(self, topic_id: str, partition: int, first: int, end: int, users: Ints) -> StoredVectors:
        """See `LedgerSnapshot.vectors`."""
        rows = [row for row in self._scored(topic_id, partition, first, end) if row.user_id in users]
        features = np.array([row.features for row in rows], np.float64).reshape(-1, FEATURE_COUNT)
        return StoredVectors(np.array([row.offset for row in rows], np.int64), features)

    def quarantined(self, topic_id: str, partition: int, first: int, end: int | None) -> StoredQuarantine:
        """See `LedgerSnapshot.quarantined`."""
        rows = [
            row
            for row in sorted(self.quarantine, key=lambda row: row.offset)
            if (row.topic_id, row.partition) == (topic_id, partition) and first <= row.offset < _end(end)
        ]
        return StoredQuarantine(np.array([row.offset for row in rows], np.int64), tuple(row.reason for row in rows))

    def strangers(self, topic_id: str, partitions: Sequence[int]) -> int:
        """See `LedgerSnapshot.strangers`."""
        places = [(row.topic_id, row.partition) for row in self.scored]
        places += [(row.topic_id, row.partition) for row in self.quarantine]
        return sum(topic == topic_id and partition not in partitions for topic, partition in places)

    def bodies(self, ids: Bytes) -> StoredBodies:
        """See `LedgerSnapshot.bodies`."""
        wanted = {uuid_at(ids, row) for row in range(len(ids))}
        rows = [row for row in self.scored if row.transaction_id in wanted]
        hashes = np.array([row.body_hash for row in rows], np.int64)
        return StoredBodies(_id_bytes([row.transaction_id for row in rows]), hashes)

    def duplicates(self) -> int:
        """See `LedgerSnapshot.duplicates`."""
        return sum(count > 1 for count in Counter(row.transaction_id for row in self.scored).values())

    def label_base(self, catalogue_version: int) -> int:  # noqa: ARG002
        """See `LedgerSnapshot.label_base`."""
        return self.label_facts.base or 0

    def initial_customers(self, catalogue_version: int, users: Ints) -> tuple[Floats, RiskRows]:  # noqa: ARG002
        """See `LedgerSnapshot.initial_customers`."""
        nothing = np.zeros(CUSTOMER_STATE_WIDTH)
        states = [self.initial_states.get(user, nothing) for user in users.tolist()]
        customers, _ = initial_rows(self.label_facts, users, np.empty(0, np.int64))
        return np.array(states, np.float64).reshape(-1, CUSTOMER_STATE_WIDTH), customers

    def initial_merchants(self, catalogue_version: int, merchants: Ints | None = None) -> RiskRows:  # noqa: ARG002
        """See `LedgerSnapshot.initial_merchants`."""
        if merchants is None:
            labelled = [row.payment.merchant_id for row in self.label_facts.labels.values() if row.payment]
            known = {*self.label_facts.initial_merchant_risk, *(key for key in labelled if key is not None)}
            merchants = np.array(sorted(known), np.int64)
        return initial_rows(self.label_facts, np.empty(0, np.int64), merchants)[1]

    def labels(self, after: int, upto: int) -> LabelSteps:
        """See `LedgerSnapshot.labels`."""
        newest: dict[bytes, int] = {}
        before = []
        every = stored_history(self.label_facts)
        for row, fraud in zip(every.transaction_id, every.is_fraud.tolist(), strict=True):
            before.append(newest.get(row.tobytes(), UNLABELLED))
            newest[row.tobytes()] = int(fraud)
        within = (every.label_seq > after) & (every.label_seq <= upto)
        return LabelSteps(every.take(within), np.array(before, np.int16)[within])

    def past(self, users: Ints, merchants: Ints, *, after: int, upto: int) -> LabelHistory:
        """See `LedgerSnapshot.past`."""
        every = stored_history(self.label_facts)
        wanted = np.isin(every.user_id, users) | np.isin(every.merchant_id, merchants)
        return every.take(wanted & (every.label_seq > after) & (every.label_seq <= upto))

    def alerts(self) -> AlertFacts:
        """See `LedgerSnapshot.alerts`."""
        flagged = [row.transaction_id for row in self.scored if row.alert]
        amounts = AlertAmounts(
            flagged=cents([row.amount for row in self.scored if row.alert]),
            rows=cents([self.alert_amounts.get(alert, 0.0) for alert, _ in self.alert_rows]),
            published=cents([self.published_amounts.get(alert, 0.0) for alert in self.published]),
        )
        return AlertFacts(flagged, list(self.alert_rows), list(self.published), 0, list(self.notifications), amounts)

    def first_alert(self, transactions: Sequence[uuid.UUID]) -> FirstAlert | None:
        """See `LedgerSnapshot.first_alert`."""
        committed = {row.slice_id: row.committed_at for row in self.slice_rows}
        alerted = {transaction for _, transaction in self.alert_rows} & set(transactions)
        rows = [row for row in self.scored if row.transaction_id in alerted]
        found = [FirstAlert(committed[row.slice_id], row.log_time) for row in rows]
        return min(found, key=lambda first: first.committed_at, default=None)

    def _scored(self, topic_id: str, partition: int, first: int, end: int | None) -> list[ScoreRow]:
        return [
            row
            for row in sorted(self.scored, key=lambda row: row.offset)
            if (row.topic_id, row.partition) == (topic_id, partition) and first <= row.offset < _end(end)
        ]

    def _take_slice(self, committed: CommittedSlice) -> None:
        result = committed.result
        self.deployed[result.deployment.deployment_id] = result.deployment
        self.slice_rows.append(slice_row(committed))
        self.scored += score_rows(committed)
        self.quarantine += quarantine_rows(committed)
        self.alert_rows += [(item.alert.alert_id, item.alert.transaction_id) for item in result.alerts]
        self.alert_amounts |= {item.alert.alert_id: item.alert.amount for item in result.alerts}
        sent = [parse_alert(message.value) for message in result.outbox if message.topic == ALERTS]
        self.published += [alert.alert_id for alert in sent]
        self.published_amounts |= {alert.alert_id: alert.amount for alert in sent}
        self.notifications += [alert.alert_id for alert in sent]


def _id_bytes(ids: Sequence[uuid.UUID]) -> Bytes:
    return np.frombuffer(b"".join(key.bytes for key in ids), np.uint8).reshape(-1, 16)


def _end(end: int | None) -> float:
    return float("inf") if end is None else end
