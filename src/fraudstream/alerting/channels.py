"""Alerts on their way to one channel: each delivered once as far as anybody can tell, tried again, written down.

A death between delivering and writing that down repeats a message; the repeat carries the same alert id.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import stamina
import structlog

from fraudstream.alerting.message import notification_of
from fraudstream.contracts.alert import Alert, parse_alert
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import CHANNEL_ALERTS, CHANNEL_AWAY
from fraudstream.ports.delivery import DeliveryBook, Notifier
from fraudstream.ports.records import Record, RecordConsumer

MOST = 20
"""Alerts taken at a time: what a death repeats at the most, if it comes before all of them are written down."""
LONGEST_PAUSE = 5.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Channel:
    """One way to somebody; `attempts` tries in a row, then it counts as away."""

    name: str
    notifier: Notifier
    attempts: int = 4
    first_pause: float = 0.5


@dataclass
class ChannelWorker:
    """Moves alerts from a consumer to a channel, in their order."""

    channel: Channel
    consumer: RecordConsumer
    book: DeliveryBook
    stopping: Callable[[], bool] = lambda: False
    board: Board = field(default_factory=partial(Board, "alert-channels"))
    _taken: Sequence[Record] = ()

    def run_once(self, timeout: float) -> int:
        """Deliver what is there, waiting up to `timeout` seconds for it; returns how many records are done with.

        What was taken and is not done with comes first the next time, and to the next process if there is none. An
        alert that the channel refuses is written down and passed over, and so is a record that is no alert.

        Raises:
            TemporarilyUnavailable: the channel, the broker or the book did not answer, all tries included.
            ConfigurationError: the channel is not there, or does not let us in; alerts wait in their log.
        """
        self._taken = self._taken or list(self.consumer.consume(MOST, timeout))
        done = 0
        while self._taken and not self.stopping():
            record = self._taken[0]
            self._settle(record)
            self.consumer.commit({record.partition: record.offset + 1})
            self._taken = self._taken[1:]
            done += 1
        return done

    def _settle(self, record: Record) -> None:
        try:
            alert = parse_alert(record.value or b"")
        except MalformedEvent as error:
            log.warning("not an alert", channel=self.channel.name, offset=record.offset, reason=error.reason)
            return
        if self.book.is_settled(alert.alert_id, self.channel.name):
            self._count("repeated")
            log.info("repeated alert suppressed", channel=self.channel.name, alert_id=str(alert.alert_id))
            return
        self._deliver(alert)

    def _deliver(self, alert: Alert) -> None:
        name, alert_id = self.channel.name, alert.alert_id
        try:
            for attempt in stamina.retry_context(
                on=TemporarilyUnavailable,
                attempts=self.channel.attempts,
                timeout=None,
                wait_initial=self.channel.first_pause,
                wait_max=LONGEST_PAUSE,
            ):
                with attempt:
                    tries = self.book.trying(alert_id, name)
                    message_id = self.channel.notifier.publish(notification_of(alert))
        except MalformedEvent as error:
            self._count("refused")
            self.book.failed(alert_id, name, error.detail)
            log.warning("alert refused", channel=name, alert_id=str(alert_id), detail=error.detail)
            return
        except (TemporarilyUnavailable, ConfigurationError) as error:
            self.board.set(CHANNEL_AWAY, 1, name)
            self.book.failed(alert_id, name, str(error))
            raise
        self._count("delivered")
        self.book.delivered(alert_id, name, message_id)
        log.info(
            "alert delivered",
            channel=name,
            alert_id=str(alert_id),
            transaction_id=str(alert.transaction_id),
            message_id=message_id,
            tries=tries,
        )

    def _count(self, outcome: str) -> None:
        self.board.count(CHANNEL_ALERTS, 1, self.channel.name, outcome)
        self.board.set(CHANNEL_AWAY, 0, self.channel.name)
