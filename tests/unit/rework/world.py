"""A stream in memory whose refused records a person works."""

from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.unit.verify.memory_stack import MAX_FUTURE, MemoryStack

from fraudstream.adapters.memory import MemoryProducer
from fraudstream.adapters.memory_quarantine import MemoryQuarantine
from fraudstream.adapters.memory_replays import MemoryReplayBook
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.records import Delivery, OnDelivery
from fraudstream.rework.journalled import JournalledSending
from fraudstream.rework.places import NamedPlace
from fraudstream.rework.quarantine import QuarantineWork, Repair, Worked
from fraudstream.rework.sending import Order, Resender, Sending

ORDER = Order("ana", "the sender has a typing error")
ANYWAY = Order("ana", "to see what happens", anyway=True)


class RefusingProducer(MemoryProducer):
    """Reports every record as failed."""

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:  # noqa: ARG002
        if on_delivery is not None:
            on_delivery(Delivery(topic, key, -1, -1, "broker is down"))


@dataclass
class ReworkWorld:
    """Quarantine, book, log and producer's journal of one stream."""

    journals: Path
    stack: MemoryStack = field(default_factory=MemoryStack)
    book: MemoryReplayBook = field(default_factory=MemoryReplayBook)
    resources: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.stack.begin_with(users=[1, 2, 3], merchants=[7, 8])

    @property
    def work(self) -> QuarantineWork:
        stack = self.stack
        desk = MemoryQuarantine(stack.slices, stack.labels, stack.broker.ids[LABELS])
        return QuarantineWork(desk, self.book, stack.broker, stack.clock, MAX_FUTURE)

    def sending(self, producer: MemoryProducer | None = None) -> JournalledSending:
        """The producer's own code; every call opens a journal of its own, as a process does."""
        self.stack.clock.sleep(1.0)
        ids = {topic: self.stack.broker.ids[topic] for topic in (TRANSACTIONS, LABELS)}
        sending = JournalledSending(producer or MemoryProducer(self.stack.broker), self.journals, self.stack.clock, ids)
        return self.resources.enter_context(closing(sending))

    def resender(self, sending: Sending | None = None) -> Resender:
        return Resender(self.book, self.stack.broker, sending or self.sending())

    def refuse(self, value: bytes | None) -> Worked:
        """Let one record arrive that ends in quarantine."""
        record = self.stack.send(value)
        self.score()
        return self.find(record.offset)

    def score(self) -> None:
        for partition in (0, 1):
            if self.stack.broker.logs[TRANSACTIONS, partition]:
                self.stack.score(partition)

    def find(self, offset: int, partition: int = 0) -> Worked:
        return self.work.find(NamedPlace(TRANSACTIONS, partition, offset))

    def replay(self, worked: Worked, repair: Repair | None = None, order: Order = ORDER) -> RecordPlace:
        """Send it again, and let the scorer read it."""
        with closing(self.sending()) as sending:
            sent = self.work.replay(worked, repair or Repair(), order, self.resender(sending))
        self.score()
        return sent
