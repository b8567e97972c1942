"""A topic of alerts with its on-failure topic in memory, and a person who sends back what is parked."""

from dataclasses import dataclass, field

import msgspec
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.adapters.memory_replays import MemoryReplayBook
from fraudstream.alerting.parking import Parking
from fraudstream.contracts.alert import encode_alert
from fraudstream.contracts.parked import parse_parked
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.records import Record
from fraudstream.rework.redrive import Parked, RedriveWork
from fraudstream.rework.sending import Order, PlainSending, Resender, Sending

ORDER = Order("ana", "the topic is back")
ANYWAY = Order("ana", "to see what happens", anyway=True)


@dataclass
class RedriveWorld:
    """Alerts in `ALERTS`, what was parked of them, and the book."""

    broker: MemoryBroker = field(default_factory=MemoryBroker)
    book: MemoryReplayBook = field(default_factory=MemoryReplayBook)

    def __post_init__(self) -> None:
        self.broker.ensure_topics({ALERTS: 1, FAILED_ALERTS: 1}, 1)

    @property
    def work(self) -> RedriveWork:
        return RedriveWork(self.broker, self.book)

    def resender(self, sending: Sending | None = None) -> Resender:
        return Resender(self.book, self.broker, sending or PlainSending(MemoryProducer(self.broker)))

    def publish(self, number: int) -> Record:
        return self.broker.append(ALERTS, b"42", encode_alert(an_alert(number)))

    def park(self, record: Record) -> None:
        Parking(MemoryProducer(self.broker)).park(record, "function_failed", "SNS refused it", attempts=3)

    def lose_bytes(self, offset: int) -> None:
        """A parked record did not have room for its bytes."""
        log = self.broker.logs[FAILED_ALERTS, 0]
        cut = msgspec.structs.replace(parse_parked(log[offset].value), value=None)
        log[offset] = Record(FAILED_ALERTS, 0, offset, b"42", msgspec.json.encode(cut), log[offset].log_time)

    def at(self, offset: int) -> Parked:
        return self.work.parked()[offset]

    def send(self, offset: int, order: Order = ORDER) -> RecordPlace:
        return self.work.send(self.at(offset), order, self.resender())

    def standings(self) -> list[str]:
        return [parked.standing.value for parked in self.work.parked()]
