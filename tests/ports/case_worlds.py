"""A stream that was scored and labelled, in memory and on PostgreSQL, for ports that read what came of it."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pytest
from tests.integration.verify.postgres_stack import OLD_PAYMENT, PostgresStack
from tests.unit.verify.memory_stack import MemoryStack

from fraudstream.adapters.database.label_desk import PostgresLabelDesk
from fraudstream.adapters.memory_label_desk import MemoryLabelDesk
from fraudstream.contracts.topics import LABELS
from fraudstream.contracts.transaction import Transaction
from fraudstream.ports.label_desk import LabelDesk
from fraudstream.ports.labels import LabelledPayment
from fraudstream.ports.records import Record


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

    def desk(self) -> LabelDesk:
        """The desk on this stream."""
        ...

    @property
    def label_topic_id(self) -> str:
        """The log of labels."""
        ...


@dataclass
class MemoryCases:
    """`CaseWorld` on the memory stores."""

    stack: MemoryStack = field(default_factory=MemoryStack)

    def __post_init__(self) -> None:
        self.stack.begin_with(users=[1, 2, 3], merchants=[7, 8])
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

    def desk(self) -> LabelDesk:
        return MemoryLabelDesk(self.stack.labels, self.stack.slices)

    @property
    def label_topic_id(self) -> str:
        return self.stack.broker.ids[LABELS]


@dataclass
class PostgresCases:
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

    def desk(self) -> LabelDesk:
        return PostgresLabelDesk(self.stack.url)

    @property
    def label_topic_id(self) -> str:
        return self.stack.broker.ids[LABELS]


def case_worlds(request: pytest.FixtureRequest) -> Iterator[CaseWorld]:
    """The world that a fixture's parameter names."""
    with contextlib.ExitStack() as resources:
        if request.param == "memory":
            yield MemoryCases()
        else:
            yield PostgresCases(PostgresStack(request.getfixturevalue("database_url"), resources))
