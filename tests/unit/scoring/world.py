"""A log in memory and a scorer on it, for tests of what becomes of each record."""

import json
import uuid
from dataclasses import dataclass, field, replace

import numpy as np

from fraudstream.adapters.memory_slices import MemorySliceStore
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT, FEATURE_NAMES, index_of
from fraudstream.features.events import Floats, uuid_at
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.arrays import Calibration, ScoringModel, Trees
from fraudstream.models.walker import score
from fraudstream.ports.slices import Deployment, LogPart, OutboxMessage, QuarantinedRow, Shadow
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import SliceSummary, score_slice

NOW = 1_764_000_000.0
"""2025-11-24 16:00 UTC, the broker's time of every record."""
DAY = 86_400.0
ALERTING_AMOUNT = 500.0
"""Above this amount the model alerts."""

PART = LogPart("transaction-events", str(uuid.UUID(int=1)), 0, epoch=1)


def a_model(*, version: str = "1", threshold: float = 0.5) -> ScoringModel:
    """A tree that looks at the amount alone: 2 % up to `ALERTING_AMOUNT`, 98 % above."""
    body = Trees(
        root=np.array([0], np.int32),
        feature=np.array([index_of("amount"), -1, -1], np.int32),
        threshold=np.array([ALERTING_AMOUNT, 0.0, 0.0]),
        left=np.array([1, -1, -1], np.int32),
        right=np.array([2, -1, -1], np.int32),
        missing_left=np.zeros(3, np.bool_),
        value=np.array([-3.5, -4.0, 4.0]),
        base=0.0,
        scale=1.0,
        link="log_odds",
        float32_inputs=False,
    )
    golden = np.random.default_rng(7).random((64, FEATURE_COUNT)) * 2 * ALERTING_AMOUNT
    model = ScoringModel(
        body, Calibration(), threshold, CATALOGUE_VERSION, FEATURE_NAMES, golden, np.zeros(64), {"version": version}
    )
    return replace(model, golden_scores=score(model, golden).probability)


def a_payment(**changes: object) -> dict[str, object]:
    """A payment as a producer writes it; `...` leaves a field out."""
    payment: dict[str, object] = {
        "transaction_id": str(uuid.uuid4()),
        "user_id": 1042,
        "amount": 12.5,
        "timestamp": "2025-11-24T15:59:00Z",
        "merchant_category": "Groceries",
        "location": "Chicago",
        "payment_method": "Credit Card",
        "merchant_id": 311,
        "device_id": 9,
        "channel": "card_present",
        "currency": "USD",
    }
    return {name: value for name, value in (payment | changes).items() if value is not ...}


def encoded(**changes: object) -> bytes:
    """The bytes of a payment."""
    return json.dumps(a_payment(**changes)).encode()


@dataclass
class ScoredLog:
    """One partition, its records so far, and what became of them."""

    store: MemorySliceStore = field(default_factory=MemorySliceStore)
    part: LogPart = PART
    models: ModelCache = field(default_factory=ModelCache)
    label_delay: float = 4 * DAY
    records: list[bytes | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.store.active is None:
            self.deploy(a_model())

    def deploy(self, model: ScoringModel, *, version: str = "1") -> Deployment:
        """Put a model to work."""
        content = to_bytes(model)
        self.store.artefacts[digest_of(content)] = content
        active = Deployment(int(version), version, digest_of(content), model.catalogue_version, model.threshold)
        self.store.active = active
        return active

    def challenge(self, model: ScoringModel, *, version: str = "2") -> str:
        """Try a model beside the one at work; returns its digest."""
        content = to_bytes(model)
        self.store.artefacts[digest_of(content)] = content
        self.store.challenger = Shadow(version, digest_of(content), model.catalogue_version)
        return digest_of(content)

    def take(self, *values: bytes | None) -> SliceSummary:
        """Append records and score them as one slice."""
        self.records.extend(values)
        return self.replay(len(self.records) - len(values))

    def replay(self, first: int, last: int | None = None) -> SliceSummary:
        """Score records from offset `first` on (to before `last`), whatever was scored of them before."""
        values = self.records[first:last]
        offsets = first + np.arange(len(values))
        records = LogRecords(offsets, np.full(len(values), NOW), values)
        return score_slice(
            read_records(records, max_future=DAY), self.part, self.store, self.models, label_delay=self.label_delay
        )

    def vectors(self) -> dict[str, Floats]:
        """Features of every scored payment by its id, with the score as the last number."""
        return {
            str(uuid_at(rows.payments.transaction_id, row)): np.append(rows.features[row], rows.score[row])
            for committed in self.store.slices
            for rows in [committed.result.scored]
            for row in range(len(rows.offset))
        }

    def fates(self) -> dict[int, str]:
        """What became of each record that is not a repeat, by offset."""
        results = [
            committed.result for committed in self.store.slices if committed.part.partition == self.part.partition
        ]
        scored = {int(offset): "scored" for r in results for offset in r.scored.offset}
        return scored | {row.offset: row.reason for r in results for row in r.quarantined}

    def quarantined(self) -> list[QuarantinedRow]:
        """Every quarantined record."""
        return [row for committed in self.store.slices for row in committed.result.quarantined]

    def outbox(self, topic: str) -> list[OutboxMessage]:
        """Messages for one topic."""
        return [m for committed in self.store.slices for m in committed.result.outbox if m.topic == topic]
