"""An archive's ledger to test, in memory and on PostgreSQL, over a stream that is scored in the same store."""

import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.integration.verify.postgres_stack import PostgresStack
from tests.unit.verify.memory_stack import MemoryStack, a_payment

from fraudstream.adapters.database.archive_reader import PostgresArchiveReader
from fraudstream.adapters.database.archive_store import PostgresArchiveLedger
from fraudstream.adapters.memory_archive import MemoryArchive
from fraudstream.ports.archive import ArchivedFile, ArchivedLog, ArchiveLedger, ArchiveReader, Zone

DAY = dt.date(2026, 11, 24)


class ArchiveLedgerWorld(Protocol):
    """What the contract suite needs of a store."""

    @property
    def topic_id(self) -> str:
        """Of the log that is scored."""
        ...

    def ledger(self) -> ArchiveLedger:
        """A session of an archiver; several of one world see the same data."""
        ...

    def reader(self) -> ArchiveReader:
        """What verification reads."""
        ...

    def score(self, *numbers: int, partition: int = 0, bad: int = 0) -> None:
        """Let payments of these numbers and bad records be scored, in one slice."""
        ...


@dataclass
class MemoryArchiveWorld:
    """`ArchiveLedgerWorld` in memory."""

    stack: MemoryStack = field(default_factory=MemoryStack)

    def __post_init__(self) -> None:
        self._archive = MemoryArchive(self.stack.slices, self.stack.clock)

    @property
    def topic_id(self) -> str:
        return self.stack.topic_id

    def ledger(self) -> ArchiveLedger:
        return self._archive

    def reader(self) -> ArchiveReader:
        return self._archive

    def score(self, *numbers: int, partition: int = 0, bad: int = 0) -> None:
        fill(self.stack, numbers, partition, bad)


@dataclass
class PostgresArchiveWorld:
    """`ArchiveLedgerWorld` on a database."""

    url: str
    resources: contextlib.ExitStack

    def __post_init__(self) -> None:
        self.stack = PostgresStack(self.url, self.resources)

    @property
    def topic_id(self) -> str:
        return self.stack.topic_id

    def ledger(self) -> ArchiveLedger:
        return self.resources.enter_context(contextlib.closing(PostgresArchiveLedger(self.url)))

    def reader(self) -> ArchiveReader:
        return PostgresArchiveReader(self.url)

    def score(self, *numbers: int, partition: int = 0, bad: int = 0) -> None:
        fill(self.stack, numbers, partition, bad)


def fill(stack: MemoryStack | PostgresStack, numbers: Sequence[int], partition: int, bad: int) -> None:
    for number in numbers:
        amount = 900.0 if number % 7 == 0 else 10.0 + number / 100
        merchant = None if number % 5 == 0 else 7
        stack.send(a_payment(number, user_id=number, amount=amount, merchant_id=merchant), partition=partition)
    for _ in range(bad):
        stack.send(b"not a payment", partition=partition)
    stack.score(partition)


def a_file(log: ArchivedLog, first: int, last: int, zone: Zone = Zone.PROCESSED, date: dt.date = DAY) -> ArchivedFile:
    path = f"{zone}/{log.topic_id}-{log.partition}-{first}-{last}"
    return ArchivedFile(
        path=path,
        zone=zone,
        topic="transaction-events-of-a-test",
        log=log,
        date=date,
        first=first,
        last=last,
        rows=last - first + 1,
        size=10,
        sha256="a" * 64,
    )
