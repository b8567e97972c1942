"""Each alert gets to each channel once as far as anybody can tell; what does not is tried again and written down."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
import stamina
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.memory_delivery import MemoryDeliveryBook
from fraudstream.alerting.channels import Channel, ChannelWorker
from fraudstream.contracts.alert import encode_alert
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.metrics.catalogue import CHANNEL_ALERTS, CHANNEL_AWAY
from fraudstream.ports.delivery import Notification
from fraudstream.ports.records import Record

AWAY = TemporarilyUnavailable("away")


@dataclass
class Scripted:
    """A notifier that does as it is told, then publishes."""

    troubles: list[Exception] = field(default_factory=list)
    published: list[Notification] = field(default_factory=list)

    def publish(self, notification: Notification) -> str:
        if self.troubles:
            raise self.troubles.pop(0)
        self.published.append(notification)
        return f"m-{len(self.published)}"


@dataclass
class Log:
    """A consumer of one partition."""

    records: list[Record]
    committed: int = 0

    def consume(self, most: int, timeout: float) -> Sequence[Record]:
        del timeout
        return self.records[self.committed :][:most]

    def commit(self, next_offsets: Mapping[int, int]) -> None:
        self.committed = next_offsets[0]

    def seek(self, partition: int, offset: int) -> None:
        del partition
        self.committed = offset

    def close(self) -> None:
        """Nothing to close."""


def a_worker(
    *values: bytes, troubles: Sequence[Exception] = ()
) -> tuple[ChannelWorker, Scripted, Log, MemoryDeliveryBook]:
    log = Log([Record(ALERTS, 0, offset, None, value, 0.0) for offset, value in enumerate(values)])
    notifier, book = Scripted(list(troubles)), MemoryDeliveryBook()
    return ChannelWorker(Channel("webhook", notifier, attempts=3), log, book), notifier, log, book


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


ALERT = an_alert()
VALUE = encode_alert(ALERT)


def test_an_alert_is_delivered_once_however_often_it_comes() -> None:
    worker, notifier, log, book = a_worker(VALUE, VALUE)

    assert worker.run_once(0.0) == 2
    assert [each.attributes["alert_id"] for each in notifier.published] == [str(ALERT.alert_id)]
    assert log.committed == 2
    assert [(line.attempts, line.message_id) for line in book.deliveries(ALERT.alert_id)] == [(1, "m-1")]


def test_what_is_away_is_tried_again_and_then_gets_there() -> None:
    worker, _, log, book = a_worker(VALUE, troubles=[AWAY, AWAY])

    assert worker.run_once(0.0) == 1
    assert log.committed == 1
    assert [(line.attempts, line.error) for line in book.deliveries(ALERT.alert_id)] == [(3, None)]


@pytest.mark.parametrize("trouble", [AWAY, ConfigurationError("no such place")])
def test_an_alert_waits_in_its_log_for_a_channel_that_is_away(trouble: Exception) -> None:
    worker, notifier, log, book = a_worker(VALUE, troubles=[trouble] * 3)
    with pytest.raises(type(trouble)):
        worker.run_once(0.0)
    waiting = log.committed
    notifier.troubles.clear()
    worker.run_once(0.0)

    assert (waiting, log.committed, len(notifier.published)) == (0, 1, 1)
    assert book.is_settled(ALERT.alert_id, "webhook")


def test_an_alert_that_is_refused_is_written_down_and_holds_nobody_up() -> None:
    worker, notifier, log, book = a_worker(b"no alert", VALUE, troubles=[MalformedEvent("refused", "too odd")])

    assert worker.run_once(0.0) == 2
    assert (log.committed, notifier.published) == (2, [])
    assert [(line.attempts, line.error) for line in book.deliveries(ALERT.alert_id)] == [(1, "too odd")]


def test_what_a_channel_does_and_that_it_is_away_is_told() -> None:
    worker, _, _, _ = a_worker(VALUE, VALUE, troubles=[AWAY] * 3)
    with pytest.raises(TemporarilyUnavailable, match="away"):
        worker.run_once(0.0)
    away = worker.board.value(CHANNEL_AWAY, "webhook")
    worker.run_once(0.0)

    assert (away, worker.board.value(CHANNEL_AWAY, "webhook")) == (1, 0)
    assert worker.board.value(CHANNEL_ALERTS, "webhook", "delivered") == 1
    assert worker.board.value(CHANNEL_ALERTS, "webhook", "repeated") == 1
