"""The way of a payment on PostgreSQL, with the log in memory: scorer, label applier, ledger, verification."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tests.unit.verify.memory_stack import MAX_FUTURE, a_model, a_payment

from fraudstream.adapters.database.alert_store import PostgresAlerts
from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.label_store import PostgresLabelStore
from fraudstream.adapters.database.ledger_reader import PostgresLedger
from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.adapters.memory import MemoryBroker
from fraudstream.clock import ManualClock
from fraudstream.contracts.label import Label, encode_label
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.contracts.transaction import Transaction, encode_transaction
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.feedback.applier import LabelApplier
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.initial_state import InitialState, WaitingPayments
from fraudstream.ports.life_cycle import Candidate, Challenger, Signature
from fraudstream.ports.records import Record
from fraudstream.ports.slices import LogPart
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import score_slice
from fraudstream.verify.report import Balance
from fraudstream.verify.verification import Verification

OLD_PAYMENT = uuid.UUID(int=10_000)
"""A payment of the history before the log, whose label may still arrive."""


def an_initial_state(seed: int = 5) -> InitialState:
    """Customers 1 to 3 and merchants 7 and 8 have a history."""
    random = np.random.default_rng(seed)
    return InitialState(
        user_ids=np.array([1, 2, 3]),
        customer_state=random.uniform(0, 2, (3, CUSTOMER_STATE_WIDTH)),
        customer_risk=random.uniform(0, 2, (3, CUSTOMER_RISK_WIDTH)),
        merchant_ids=np.array([7, 8]),
        merchant_risk=random.uniform(0, 2, (2, MERCHANT_RISK_WIDTH)),
        waiting=WaitingPayments(
            transaction_id=np.frombuffer(OLD_PAYMENT.bytes, np.uint8).reshape(1, 16),
            user_id=np.array([2]),
            merchant_id=np.array([8]),
            event_time=np.array([1_749_000_000.5]),
            amount=np.array([30.0]),
            amount_ratio=np.array([3.0]),
        ),
    )


@dataclass
class PostgresStack:
    """Like `MemoryStack`, with everything that is stored in a database.

    Each process works as its own role where `role_urls` has one, and as that of `url` elsewhere.
    """

    url: str
    resources: contextlib.ExitStack
    role_urls: Mapping[Role, str] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=lambda: ManualClock(1_764_000_000.0))
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    epoch: int = 1
    is_new: bool = True
    """Whether no model is at work yet: one is put to work then."""
    _models: ModelCache = field(default_factory=ModelCache)

    def __post_init__(self) -> None:
        self.broker.clock = self.clock
        self.broker.ensure_topics({TRANSACTIONS: 2, LABELS: 1}, 1)
        self._slices = self.resources.enter_context(
            contextlib.closing(PostgresSliceStore(self.url_of(Role.SCORER), application="test"))
        )
        self.labels = self.resources.enter_context(contextlib.closing(PostgresLabelStore(self.url_of(Role.LABELS))))
        if self.is_new:
            self.deploy("1", weight=0.05, threshold=0.3)

    def url_of(self, role: Role) -> str:
        """Where the process of this role connects."""
        return self.role_urls.get(role, self.url)

    @property
    def topic_id(self) -> str:
        return self.broker.ids[TRANSACTIONS]

    def deploy(self, version: str, *, weight: float, threshold: float) -> None:
        content = to_bytes(a_model(weight, threshold))
        candidate = Candidate("m", version, digest_of(content), CATALOGUE_VERSION, threshold, content)
        PostgresDeployments(self.url_of(Role.PROMOTER)).deploy(candidate, an_initial_state(), Signature("test", "test"))

    def challenge(self, version: str, *, weight: float, threshold: float) -> Challenger:
        content = to_bytes(a_model(weight, threshold))
        candidate = Candidate("m", version, digest_of(content), CATALOGUE_VERSION, threshold, content)
        return PostgresDeployments(self.url_of(Role.PROMOTER)).begin_trial(candidate, Signature("test", "test"))

    def send(self, value: bytes | Transaction | None, *, partition: int = 0) -> Record:
        encoded = encode_transaction(value) if isinstance(value, Transaction) else value
        log = self.broker.logs[TRANSACTIONS, partition]
        self.clock.sleep(0.001)
        record = Record(TRANSACTIONS, partition, len(log), None, encoded, round(self.clock.now(), 3))
        log.append(record)
        return record

    def score(self, partition: int = 0) -> None:
        self.score_these(self.broker.logs[TRANSACTIONS, partition], self.topic_id, partition)

    def score_these(self, records: Sequence[Record], topic_id: str, partition: int) -> None:
        """Score records of any log; those below the position are passed over."""
        values = LogRecords(
            offset=np.array([record.offset for record in records], np.int64),
            log_time=np.array([record.log_time for record in records], np.float64),
            values=[record.value for record in records],
        )
        part = LogPart(TRANSACTIONS, topic_id, partition, self.epoch)
        score_slice(read_records(values, max_future=MAX_FUTURE), part, self._slices, self._models, label_delay=0.0)

    def applier(self) -> LabelApplier:
        return LabelApplier(self.labels, LABELS, self.broker.ids[LABELS], dt.timedelta(days=1))

    def label(self, key: uuid.UUID, *, is_fraud: bool) -> None:
        arrived = dt.datetime.fromtimestamp(self.clock.now(), dt.UTC)
        label = Label(transaction_id=key, user_id=1, is_fraud=is_fraud, arrived_at=arrived)
        self.broker.append(LABELS, b"1", encode_label(label))
        applier = self.applier()
        applier.apply(self.broker.logs[LABELS, 0])
        applier.release()

    def deliver_alerts(self) -> None:
        """What relay, Lambda and inbox come to."""
        with contextlib.closing(PostgresOutbox(self.url_of(Role.RELAY))) as outbox:
            outbox.settle([row.outbox_id for row in outbox.claim(1_000)])
        ids = [uuid.UUID(alert_id) for (alert_id,) in self.run("SELECT alert_id FROM alerts")]
        with contextlib.closing(PostgresAlerts(self.url_of(Role.INBOX), application="test")) as inbox:
            inbox.record({str(alert_id): alert_id for alert_id in ids})

    def verify(self, *, journal_dir: Path = Path("/nonexistent"), window_records: int = 20_000) -> Balance:
        verification = Verification(
            topic=TRANSACTIONS,
            ledger=PostgresLedger(self.url_of(Role.READER)),
            reader=self.broker,
            clock=self.clock,
            journal_dir=journal_dir,
            max_future=MAX_FUTURE,
            window_records=window_records,
        )
        return verification.run(seed=0, wait_seconds=0.0)

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with contextlib.closing(connect(self.url, application="test")) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else []
            connection.commit()
        return rows


def fill(stack: PostgresStack, *, between: Callable[[int], None] = lambda _: None) -> None:
    """Two partitions that share customers, labels between slices, contradictions, a promotion, bad input."""
    number = 0
    for turn in range(6):
        for partition in (0, 1):
            for user in (1, 2, 3, 4):
                number += 1
                amount = 900.0 if number % 7 == 0 else 10.0 + number
                merchant = None if number % 5 == 0 else 7 + number % 3
                stack.send(a_payment(number, user_id=user, amount=amount, merchant_id=merchant), partition=partition)
        stack.score(turn % 2)
        stack.label(uuid.UUID(int=max(number - 7, 1)), is_fraud=turn % 2 == 0)
        stack.label(uuid.UUID(int=max(number - 15, 1)), is_fraud=turn % 3 == 0)
        between(turn)
        stack.score(1 - turn % 2)
        if turn == 2:
            stack.label(OLD_PAYMENT, is_fraud=True)
        if turn == 3:
            stack.deploy("2", weight=0.08, threshold=0.5)
    stack.send(b"not a payment")
    stack.send(None)
    stack.send(a_payment(2, user_id=2, amount=12.0, merchant_id=9))
    stack.send(a_payment(2, user_id=2, amount=13.0, merchant_id=9))
    stack.score(0)
    stack.deliver_alerts()
