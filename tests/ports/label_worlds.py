"""A label store to test, in memory and on PostgreSQL: how to prepare it, and what it holds afterwards."""

import contextlib
import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from fraudstream.adapters.database.label_store import PostgresLabelStore
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.memory_labels import MemoryLabelStore
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT, index_of
from fraudstream.features.events import Floats
from fraudstream.ports.labels import LabelledPayment, LabelStore

PAYMENTS_TOPIC = str(uuid.UUID(int=500))


class LabelWorld(Protocol):
    """What the contract suite needs of a store."""

    def store(self) -> LabelStore:
        """A store of its own, as a process that has just started has one; several see the same data."""
        ...

    def deploy(self, *, label_seq: int = 0) -> None:
        """The first promotion: from now on there are risk rows."""
        ...

    def score(self, number: int, payment: LabelledPayment, *, partition: int = 0) -> None:
        """The scorer stores a payment, with the position behind it."""
        ...

    def remember(self, number: int, payment: LabelledPayment) -> None:
        """A payment of the history before the log."""
        ...

    def begin_with(self, user_id: int, customer: Floats, merchant_id: int, merchant: Floats) -> None:
        """Risk rows at the beginning of the log."""
        ...

    def alert(self, number: int, *, status: str = "open") -> None:
        """The scorer stores that a payment raised an alert."""
        ...

    def alert_status(self, number: int) -> str:
        """What the alert of a payment is now."""
        ...

    def labels(self) -> list[tuple[int, int | None, int]]:
        """Offset, turn and customer of every label, by offset."""
        ...

    def refused(self) -> list[tuple[int, str, bytes | None]]:
        """Offset, reason and outgoing message's key of every refused record."""
        ...

    def risk(self, user_id: int, merchant_id: int) -> tuple[bytes, bytes]:
        """The risk rows of one customer and one merchant; empty where there is none."""
        ...


@dataclass
class MemoryWorld:
    """`LabelWorld` on `MemoryLabelStore`."""

    memory: MemoryLabelStore = field(default_factory=MemoryLabelStore)

    def __post_init__(self) -> None:
        self.memory.facts.base = None

    def store(self) -> LabelStore:
        return self.memory

    def deploy(self, *, label_seq: int = 0) -> None:
        self.memory.facts.base = label_seq

    def score(self, number: int, payment: LabelledPayment, *, partition: int = 0) -> None:  # noqa: ARG002 - one log
        self.memory.facts.payments[uuid.UUID(int=number)] = payment

    def remember(self, number: int, payment: LabelledPayment) -> None:
        self.memory.facts.payments.setdefault(uuid.UUID(int=number), payment)

    def begin_with(self, user_id: int, customer: Floats, merchant_id: int, merchant: Floats) -> None:
        facts = self.memory.facts
        facts.initial_customer_risk[user_id], facts.customer_risk[user_id] = customer, customer.copy()
        facts.initial_merchant_risk[merchant_id], facts.merchant_risk[merchant_id] = merchant, merchant.copy()

    def alert(self, number: int, *, status: str = "open") -> None:
        self.memory.facts.alert_status[uuid.UUID(int=number)] = status

    def alert_status(self, number: int) -> str:
        return self.memory.facts.alert_status[uuid.UUID(int=number)]

    def labels(self) -> list[tuple[int, int | None, int]]:
        rows = self.memory.facts.labels.values()
        return sorted(
            (row.offset, row.label_seq, row.label.user_id if row.payment is None else row.payment.user_id)
            for row in rows
        )

    def refused(self) -> list[tuple[int, str, bytes | None]]:
        return [
            (item.record.offset, item.reason, f"labels/{item.record.partition}/{item.record.offset}".encode())
            for item in self.memory.facts.refused
        ]

    def risk(self, user_id: int, merchant_id: int) -> tuple[bytes, bytes]:
        facts = self.memory.facts
        nothing = np.empty(0)
        return (
            facts.customer_risk.get(user_id, nothing).tobytes(),
            facts.merchant_risk.get(merchant_id, nothing).tobytes(),
        )


@dataclass
class PostgresWorld:
    """`LabelWorld` on a database."""

    url: str
    stack: contextlib.ExitStack

    def store(self) -> LabelStore:
        return self.stack.enter_context(contextlib.closing(PostgresLabelStore(self.url)))

    def deploy(self, *, label_seq: int = 0) -> None:
        self.run("INSERT INTO state_versions VALUES (%s, '{}', %s)", CATALOGUE_VERSION, label_seq)

    def score(self, number: int, payment: LabelledPayment, *, partition: int = 0) -> None:
        vector, key = np.zeros(FEATURE_COUNT), str(uuid.UUID(int=number))
        vector[index_of("amount_ratio")] = payment.amount_ratio
        self.run(
            'INSERT INTO scored_transactions (topic_id, partition, "offset", log_time, slice_id, transaction_id,'
            " body_hash, user_id, event_time, amount, merchant_category, location, payment_method, merchant_id, score,"
            " alert, features) VALUES (%s, %s, %s, now(), 1, %s, 0, %s, %s, %s, 0, 0, 0, %s, 0.5, false, %s)",
            PAYMENTS_TOPIC,
            partition,
            number,
            key,
            payment.user_id,
            dt.datetime.fromtimestamp(payment.event_time, dt.UTC),
            payment.amount,
            payment.merchant_id,
            vector.astype("<f8").tobytes(),
        )
        self.run("INSERT INTO transaction_ids VALUES (%s, 0, %s, %s, %s)", key, PAYMENTS_TOPIC, partition, number)
        self.run(
            "INSERT INTO positions VALUES (%s, %s, 'payments', %s, 1) ON CONFLICT (topic_id, partition) DO UPDATE"
            " SET next_offset = greatest(positions.next_offset, excluded.next_offset)",
            PAYMENTS_TOPIC,
            partition,
            number + 1,
        )

    def remember(self, number: int, payment: LabelledPayment) -> None:
        self.run(
            "INSERT INTO history_transactions VALUES (%s, %s, %s, %s, %s, %s)",
            str(uuid.UUID(int=number)),
            payment.user_id,
            payment.merchant_id,
            dt.datetime.fromtimestamp(payment.event_time, dt.UTC),
            payment.amount,
            payment.amount_ratio,
        )

    def begin_with(self, user_id: int, customer: Floats, merchant_id: int, merchant: Floats) -> None:
        for prefix in ("", "initial_"):
            into_customer = f"INSERT INTO {prefix}customer_risk VALUES (%s, %s, %s)"  # noqa: S608
            self.run(into_customer, CATALOGUE_VERSION, user_id, customer.tobytes())
            into_merchant = f"INSERT INTO {prefix}merchant_risk VALUES (%s, %s, %s)"  # noqa: S608
            self.run(into_merchant, CATALOGUE_VERSION, merchant_id, merchant.tobytes())

    def alert(self, number: int, *, status: str = "open") -> None:
        self.run(
            'INSERT INTO alerts (alert_id, topic_id, partition, "offset", slice_id, transaction_id, user_id, amount,'
            " event_time, score, threshold, reasons, model_version, status)"
            " VALUES (gen_random_uuid(), %s, 0, %s, 1, %s, 100, 1, now(), 0.9, 0.5, '[]', '1', %s)",
            PAYMENTS_TOPIC,
            number,
            str(uuid.UUID(int=number)),
            status,
        )

    def alert_status(self, number: int) -> str:
        ((status,),) = self.run("SELECT status FROM alerts WHERE transaction_id = %s", str(uuid.UUID(int=number)))
        return str(status)

    def labels(self) -> list[tuple[int, int | None, int]]:
        return self.run('SELECT "offset", label_seq, user_id FROM labels ORDER BY "offset"')

    def refused(self) -> list[tuple[int, str, bytes | None]]:
        rows: list[tuple[Any, ...]] = self.run(
            'SELECT "offset", reason, (SELECT key FROM outbox'
            " WHERE key = convert_to(quarantine.topic || '/' || partition || '/' || \"offset\", 'UTF8'))"
            ' FROM quarantine ORDER BY "offset"'
        )
        return [(offset, reason, None if key is None else bytes(key)) for offset, reason, key in rows]

    def risk(self, user_id: int, merchant_id: int) -> tuple[bytes, bytes]:
        customer = self.run("SELECT risk FROM customer_risk WHERE user_id = %s", user_id)
        merchant = self.run("SELECT risk FROM merchant_risk WHERE merchant_id = %s", merchant_id)
        return bytes(customer[0][0]) if customer else b"", bytes(merchant[0][0]) if merchant else b""

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with contextlib.closing(connect(self.url, application="test")) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else []
            connection.commit()
        return rows
