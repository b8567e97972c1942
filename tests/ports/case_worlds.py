"""A stream that was scored and labelled, in memory and on PostgreSQL, for ports that read what came of it."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pytest
from tests.integration.verify.postgres_stack import OLD_PAYMENT, PostgresStack
from tests.unit.verify.memory_stack import MemoryStack, a_model

from fraudstream.adapters.database.case_reader import PostgresCases
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.label_desk import PostgresLabelDesk
from fraudstream.adapters.database.scored_history import PostgresScoredHistory
from fraudstream.adapters.memory_cases import MemoryCases
from fraudstream.adapters.memory_label_desk import MemoryLabelDesk
from fraudstream.adapters.memory_scored_history import MemoryScoredHistory
from fraudstream.contracts.alert import alert_id_for
from fraudstream.contracts.topics import LABELS
from fraudstream.contracts.transaction import Transaction
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.events import uuid_at
from fraudstream.features.state import LABELS as LABELS_SLOT
from fraudstream.features.state import MERCHANT_LABELS
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.cases import CaseReader, ReceivedNotification, Relayed
from fraudstream.ports.label_desk import LabelDesk
from fraudstream.ports.labels import LabelledPayment
from fraudstream.ports.records import Record
from fraudstream.ports.scored_history import ScoredHistory, StoredModel


class CaseWorld(Protocol):
    """What the contract suites need of a stream."""

    def send(self, value: bytes | Transaction | None, *, partition: int = 0) -> Record:
        """Append one record of the log of payments."""
        ...

    def score(self, partition: int = 0) -> None:
        """Take what is new in a partition through one slice."""
        ...

    def say(self, number: int, *, is_fraud: bool) -> None:
        """Let one label arrive and be applied."""
        ...

    def garble(self) -> None:
        """Let something arrive in the log of labels that is none."""
        ...

    def deploy(self, version: str, *, weight: float, threshold: float) -> None:
        """Put another model to work."""
        ...

    def deliver(self) -> None:
        """Let every alert reach the subscriber."""
        ...

    def notify_again(self, transaction_id: uuid.UUID) -> None:
        """Let a second message about one alert reach the subscriber."""
        ...

    def begin_after(self, label_seq: int) -> None:
        """The initial risk rows contain what was said up to a turn."""
        ...

    def outcomes_before_the_log(self) -> tuple[dict[int, int], dict[int, int]]:
        """How many labels of the history each customer's and each merchant's initial risk row contains."""
        ...

    def desk(self) -> LabelDesk:
        """The desk on this stream."""
        ...

    def cases(self) -> CaseReader:
        """The reader of this stream's cases."""
        ...

    def history(self) -> ScoredHistory:
        """What was scored of this stream."""
        ...

    def tried(self, version: str) -> None:
        """A version was on trial once; its artefact is stored."""
        ...

    def damage(self, number: int) -> None:
        """One stored vector has lost its last value."""
        ...

    @property
    def label_topic_id(self) -> str:
        """The log of labels."""
        ...


@dataclass
class MemoryCaseWorld:
    """`CaseWorld` on the memory stores."""

    stack: MemoryStack = field(default_factory=MemoryStack)
    relayed: dict[uuid.UUID, list[Relayed]] = field(default_factory=dict)
    notified: dict[uuid.UUID, list[ReceivedNotification]] = field(default_factory=dict)
    deployed: list[StoredModel] = field(default_factory=list)
    on_trial: list[StoredModel] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stack.begin_with(users=[1, 2, 3], merchants=[7, 8])
        self._remember_deployment()
        old = LabelledPayment(2, 8, 1_749_000_000.5, 30.0, 3.0)
        self.stack.labels.facts.payments[OLD_PAYMENT] = old

    def send(self, value: bytes | Transaction | None, *, partition: int = 0) -> Record:
        return self.stack.send(value, partition=partition)

    def score(self, partition: int = 0) -> None:
        self.stack.score(partition)
        self.stack.apply_labels()

    def say(self, number: int, *, is_fraud: bool) -> None:
        self.stack.label(number, is_fraud=is_fraud)

    def garble(self) -> None:
        self.stack.garble()

    def deploy(self, version: str, *, weight: float, threshold: float) -> None:
        self.stack.deploy(int(version), weight=weight, threshold=threshold)
        self._remember_deployment()

    def _remember_deployment(self) -> None:
        active = self.stack.slices.active
        assert active is not None
        model = StoredModel(active.model_version, active.digest, active.threshold, active.catalogue_version)
        self.deployed.append(model)

    def history(self) -> ScoredHistory:
        return MemoryScoredHistory(self.stack.slices, self.stack.labels, self.deployed, self.on_trial)

    def tried(self, version: str) -> None:
        content = to_bytes(a_model(0.01, 0.9))
        self.stack.slices.artefacts[digest_of(content)] = content
        self.on_trial.append(StoredModel(version, digest_of(content), 0.9, CATALOGUE_VERSION))

    def damage(self, number: int) -> None:
        for committed in self.stack.slices.slices:
            scored = committed.result.scored
            rows = [r for r in range(len(scored.offset)) if uuid_at(scored.payments.transaction_id, r).int == number]
            scored.features[rows] = np.nan

    def deliver(self) -> None:
        now = dt.datetime.fromtimestamp(self.stack.clock.now(), dt.UTC)
        for committed in self.stack.slices.slices:
            for raised in committed.result.alerts:
                alert_id = raised.alert.alert_id
                self.relayed[alert_id] = [Relayed(None, None, now)]
                self.notified[alert_id] = [ReceivedNotification(str(alert_id), now)]

    def notify_again(self, transaction_id: uuid.UUID) -> None:
        now = dt.datetime.fromtimestamp(self.stack.clock.now(), dt.UTC)
        self.notified[alert_id_for(transaction_id)].append(ReceivedNotification("again", now))

    def begin_after(self, label_seq: int) -> None:
        self.stack.labels.facts.base = label_seq

    def outcomes_before_the_log(self) -> tuple[dict[int, int], dict[int, int]]:
        facts = self.stack.labels.facts
        return (
            {user: int(row[LABELS_SLOT]) for user, row in facts.initial_customer_risk.items()},
            {merchant: int(row[MERCHANT_LABELS]) for merchant, row in facts.initial_merchant_risk.items()},
        )

    def desk(self) -> LabelDesk:
        return MemoryLabelDesk(self.stack.labels, self.stack.slices)

    def cases(self) -> CaseReader:
        return MemoryCases(self.stack.slices, self.stack.labels, self.relayed, self.notified)

    @property
    def label_topic_id(self) -> str:
        return self.stack.broker.ids[LABELS]


@dataclass
class PostgresCaseWorld:
    """`CaseWorld` on a database."""

    stack: PostgresStack

    def send(self, value: bytes | Transaction | None, *, partition: int = 0) -> Record:
        return self.stack.send(value, partition=partition)

    def score(self, partition: int = 0) -> None:
        self.stack.score(partition)
        self.stack.applier().release()

    def say(self, number: int, *, is_fraud: bool) -> None:
        self.stack.label(uuid.UUID(int=number), is_fraud=is_fraud)

    def garble(self) -> None:
        self.stack.broker.append(LABELS, b"1", b"not a label")
        self.stack.applier().apply(self.stack.broker.logs[LABELS, 0])

    def deploy(self, version: str, *, weight: float, threshold: float) -> None:
        self.stack.deploy(version, weight=weight, threshold=threshold)

    def deliver(self) -> None:
        self.stack.deliver_alerts()

    def notify_again(self, transaction_id: uuid.UUID) -> None:
        self.stack.run(
            "INSERT INTO notifications (message_id, alert_id) VALUES ('again', %s)", str(alert_id_for(transaction_id))
        )

    def begin_after(self, label_seq: int) -> None:
        self.stack.run("UPDATE state_versions SET label_seq = %s", label_seq)

    def outcomes_before_the_log(self) -> tuple[dict[int, int], dict[int, int]]:
        customers = self.stack.run("SELECT user_id, risk FROM initial_customer_risk")
        merchants = self.stack.run("SELECT merchant_id, risk FROM initial_merchant_risk")
        return (
            {user: int(np.frombuffer(row)[LABELS_SLOT]) for user, row in customers},
            {merchant: int(np.frombuffer(row)[MERCHANT_LABELS]) for merchant, row in merchants},
        )

    def desk(self) -> LabelDesk:
        return PostgresLabelDesk(ConnectionPool(self.stack.url, application="test", readonly=True))

    def cases(self) -> CaseReader:
        return PostgresCases(self.stack.url)

    def history(self) -> ScoredHistory:
        return PostgresScoredHistory(self.stack.url)

    def tried(self, version: str) -> None:
        content = to_bytes(a_model(0.01, 0.9))
        self.stack.run("INSERT INTO model_artefacts (digest, content) VALUES (%s, %s)", digest_of(content), content)
        self.stack.run(
            "INSERT INTO challengers (model_name, model_version, digest, catalogue_version, threshold, reason, active)"
            " VALUES ('m', %s, %s, %s, 0.9, 'test', false)",
            version,
            digest_of(content),
            CATALOGUE_VERSION,
        )

    def damage(self, number: int) -> None:
        self.stack.run(
            "UPDATE scored_transactions SET features = substring(features FROM 9) WHERE transaction_id = %s",
            str(uuid.UUID(int=number)),
        )

    @property
    def label_topic_id(self) -> str:
        return self.stack.broker.ids[LABELS]


def case_worlds(request: pytest.FixtureRequest) -> Iterator[CaseWorld]:
    """The world that a fixture's parameter names."""
    with contextlib.ExitStack() as resources:
        if request.param == "memory":
            yield MemoryCaseWorld()
        else:
            yield PostgresCaseWorld(PostgresStack(request.getfixturevalue("database_url"), resources))
