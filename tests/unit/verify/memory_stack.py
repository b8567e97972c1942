"""The whole way of a payment in memory: log, scorer, label applier, ledger, verification."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fraudstream.adapters.memory import MemoryBroker
from fraudstream.adapters.memory_labels import LabelFacts, MemoryLabelStore
from fraudstream.adapters.memory_ledger import MemoryLedger
from fraudstream.adapters.memory_slices import MemorySliceStore
from fraudstream.clock import ManualClock
from fraudstream.contracts.label import Label, encode_label
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.contracts.transaction import Transaction, encode_transaction
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT, FEATURE_NAMES, index_of
from fraudstream.features.events import ABSENT, Floats, uuid_at
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.feedback.applier import LabelApplier
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.arrays import Calibration, Linear, ScoringModel
from fraudstream.models.walker import score
from fraudstream.ports.labels import LabelledPayment
from fraudstream.ports.records import Record, TopicPartitions
from fraudstream.ports.slices import Deployment, LogPart
from fraudstream.progress import Report, unreported
from fraudstream.recorded.windows import WINDOW_RECORDS
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import score_slice
from fraudstream.verify.report import Balance
from fraudstream.verify.verification import Verification

MAX_FUTURE = 86_400.0


def a_model(weight: float, threshold: float) -> ScoringModel:
    golden = np.random.default_rng(2).normal(size=(64, FEATURE_COUNT))
    body = Linear(
        weight=weight * np.linspace(-1.0, 1.0, FEATURE_COUNT),
        mean=np.zeros(FEATURE_COUNT),
        scale=np.ones(FEATURE_COUNT),
        intercept=0.0,
        transform="signed_log",
    )
    model = ScoringModel(
        body=body,
        calibration=Calibration(),
        threshold=threshold,
        catalogue_version=CATALOGUE_VERSION,
        feature_names=FEATURE_NAMES,
        golden_vectors=golden,
        golden_scores=np.zeros(64),
    )
    return replace(model, golden_scores=score(model, golden).probability)


@dataclass
class CleanedBroker(MemoryBroker):
    """Has forgotten the first records of each partition."""

    first: int = 0

    def describe(self, topic: str) -> TopicPartitions:
        described = super().describe(topic)
        return replace(described, bounds={p: (self.first, end) for p, (_, end) in described.bounds.items()})


def a_busy_stack() -> "MemoryStack":
    """Two partitions that share customers, labels between slices, contradictions, a promotion, bad input."""
    stack = MemoryStack()
    stack.begin_with(users=[1, 2, 3], merchants=[7, 8])
    number = 0
    for turn in range(6):
        for partition in (0, 1):
            for user in (1, 2, 3, 4):
                number += 1
                amount = 900.0 if number % 7 == 0 else 10.0 + number
                payment = a_payment(number, user_id=user, amount=amount, merchant_id=7 + number % 3)
                stack.send(payment, partition=partition)
        stack.score(turn % 2)
        stack.label(number - 7, is_fraud=turn % 2 == 0)
        stack.label(max(number - 15, 1), is_fraud=turn % 3 == 0)
        stack.score(1 - turn % 2)
        if turn == 3:
            stack.deploy(2, weight=0.08, threshold=0.5)
    stack.send(b"not a payment")
    stack.send(None)
    stack.send(a_payment(2, user_id=2, amount=12.0, merchant_id=9))
    stack.send(a_payment(2, user_id=2, amount=13.0, merchant_id=9))
    stack.score(0)
    return stack


def a_payment(number: int, *, user_id: int = 1, amount: float = 20.0, merchant_id: int | None = 7) -> Transaction:
    return Transaction(
        transaction_id=uuid.UUID(int=number),
        user_id=user_id,
        amount=amount,
        timestamp=dt.datetime(2025, 6, 15, 10, tzinfo=dt.UTC) + dt.timedelta(minutes=number),
        merchant_category="Groceries",
        location="Chicago",
        payment_method="Debit Card",
        merchant_id=merchant_id,
    )


@dataclass
class MemoryStack:
    """Everything in one place; each method is one step of one process."""

    broker: MemoryBroker = field(default_factory=MemoryBroker)
    slices: MemorySliceStore = field(default_factory=MemorySliceStore)
    labels: MemoryLabelStore = field(default_factory=MemoryLabelStore)
    initial_states: dict[int, Floats] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=lambda: ManualClock(1_750_100_000.0))
    _models: ModelCache = field(default_factory=ModelCache)

    def __post_init__(self) -> None:
        self.broker.clock = self.clock
        self.broker.ensure_topics({TRANSACTIONS: 2, LABELS: 1}, 1)
        self.deploy(1, weight=0.05, threshold=0.3)

    @property
    def topic_id(self) -> str:
        return self.broker.ids[TRANSACTIONS]

    def deploy(self, number: int, *, weight: float, threshold: float) -> None:
        content = to_bytes(a_model(weight, threshold))
        digest = digest_of(content)
        self.slices.artefacts[digest] = content
        self.slices.active = Deployment(number, str(number), digest, CATALOGUE_VERSION, threshold)

    def begin_with(self, *, users: Sequence[int], merchants: Sequence[int], seed: int = 5) -> None:
        """Give customers and merchants a history before the log."""
        random = np.random.default_rng(seed)
        for user in users:
            state, risk = random.uniform(0, 2, CUSTOMER_STATE_WIDTH), random.uniform(0, 2, CUSTOMER_RISK_WIDTH)
            self.initial_states[user] = state
            self.slices.states[CATALOGUE_VERSION, user] = state.copy()
            self.labels.facts.initial_customer_risk[user] = risk
            self.labels.facts.customer_risk[user] = risk.copy()
        for merchant in merchants:
            risk = random.uniform(0, 2, MERCHANT_RISK_WIDTH)
            self.labels.facts.initial_merchant_risk[merchant] = risk
            self.labels.facts.merchant_risk[merchant] = risk.copy()
        self._publish_risk()

    def send(self, value: bytes | Transaction | None, *, partition: int = 0) -> Record:
        """Append one record of the log of payments."""
        encoded = encode_transaction(value) if isinstance(value, Transaction) else value
        log = self.broker.logs[TRANSACTIONS, partition]
        self.clock.sleep(0.001)
        record = Record(TRANSACTIONS, partition, len(log), None, encoded, round(self.clock.now(), 3))
        log.append(record)
        return record

    def score(self, partition: int = 0, *, end: int | None = None) -> None:
        """Take what is new in a partition, up to an offset, through one slice."""
        self.clock.sleep(0.05)
        records = self.broker.logs[TRANSACTIONS, partition][:end]
        values = LogRecords(
            offset=np.array([record.offset for record in records], np.int64),
            log_time=np.array([record.log_time for record in records], np.float64),
            values=[record.value for record in records],
        )
        part = LogPart(TRANSACTIONS, self.topic_id, partition, epoch=1)
        read = read_records(values, max_future=MAX_FUTURE)
        score_slice(read, part, self.slices, self._models, label_delay=0.0)
        self._publish_payments()

    def label(self, number: int, *, is_fraud: bool) -> None:
        """Let one label arrive and be applied."""
        label = Label(
            transaction_id=uuid.UUID(int=number),
            user_id=1,
            is_fraud=is_fraud,
            arrived_at=dt.datetime.fromtimestamp(self.clock.now(), dt.UTC),
        )
        self.broker.append(LABELS, b"1", encode_label(label))
        self.apply_labels()

    def garble(self) -> None:
        """Let something arrive in the log of labels that is none."""
        self.broker.append(LABELS, b"1", b"not a label")
        self.apply_labels()

    def apply_labels(self) -> None:
        """Let the label applier take what is new in its log, and what has waited."""
        applier = LabelApplier(self.labels, LABELS, self.broker.ids[LABELS], dt.timedelta(days=1))
        applier.apply(self.broker.logs[LABELS, 0])
        applier.release()
        self._publish_risk()

    def ledger(self) -> MemoryLedger:
        """What is stored; a copy that may be spoilt."""
        ledger = MemoryLedger(initial_states=self.initial_states, label_facts=self.labels.facts)
        ledger.take(self.slices)
        return ledger

    def clean(self, first: int) -> None:
        """Let the broker forget what is older than an offset, in each partition."""
        old = self.broker
        self.broker = CleanedBroker(old.clock, old.logs, old.partitions, old.ids, first=first)

    def verify(
        self,
        ledger: MemoryLedger | None = None,
        *,
        journal_dir: Path = Path("/nonexistent"),
        wait: float = 0.0,
        window_records: int = WINDOW_RECORDS,
        parity: bool = False,
        report: Report = unreported,
    ) -> Balance:
        verification = Verification(
            topic=TRANSACTIONS,
            ledger=ledger or self.ledger(),
            reader=self.broker,
            clock=self.clock,
            journal_dir=journal_dir,
            max_future=MAX_FUTURE,
            window_records=window_records,
            report=report,
        )
        return verification.run(seed=0, wait_seconds=wait, parity=parity)

    def _publish_payments(self) -> None:
        ratio = index_of("amount_ratio")
        for committed in self.slices.slices:
            scored = committed.result.scored
            for row in range(len(scored.offset)):
                merchant = int(scored.payments.merchant_id[row])
                self.labels.facts.payments[uuid_at(scored.payments.transaction_id, row)] = LabelledPayment(
                    int(scored.payments.user_id[row]),
                    None if merchant == ABSENT else merchant,
                    float(scored.payments.event_time[row]),
                    float(scored.payments.amount[row]),
                    float(scored.features[row, ratio]),
                )

    def _publish_risk(self) -> None:
        facts: LabelFacts = self.labels.facts
        self.slices.customer_risk = {(CATALOGUE_VERSION, key): row for key, row in facts.customer_risk.items()}
        self.slices.merchant_risk = {(CATALOGUE_VERSION, key): row for key, row in facts.merchant_risk.items()}
        self.slices.label_seq = facts.label_seq
