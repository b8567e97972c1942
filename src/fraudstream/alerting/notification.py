"""The alert function: every alert of an event is published once, and what failed is reported record by record.

It runs in Lambda and starts cold, so it imports nothing but the contracts, Powertools and msgspec.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch.types import KafkaItemIdentifier, PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.kafka_event import KafkaEvent, KafkaEventRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from fraudstream.alerting.message import notification_of
from fraudstream.contracts.alert import Alert, parse_alert
from fraudstream.errors import ConfigurationError, FraudstreamError, MalformedEvent, TemporarilyUnavailable
from fraudstream.masking import masked_text
from fraudstream.ports.delivery import MOST_AT_ONCE, BatchNotifier, Notification
from fraudstream.ports.sent_alerts import AlertInProgress, SentAlerts

if TYPE_CHECKING:
    import uuid

AWAY = (TemporarilyUnavailable, ConfigurationError)
"""Failures of what the function depends on: they say nothing about the alert, and the next one would fail like it."""


@dataclass(frozen=True, eq=False)
class _Placed:
    """An alert, what will be said of it, and the record it came in."""

    alert: Alert
    notification: Notification
    record: KafkaEventRecord

    def facts(self) -> dict[str, Any]:
        """What a line of the log says of it."""
        return _place(self.record) | {"transaction_id": str(self.alert.transaction_id)}


class AlertFunction:
    """The Lambda handler of Kafka events with alerts.

    Calling it publishes every alert whose id was not published before, in order and up to `MOST_AT_ONCE` with one
    call, and answers with `batchItemFailures`. If a record failed for a reason that lies outside of it, it raises, so
    that the whole batch comes again; what was published until then is suppressed the next time. The name of what it
    raises reaches whoever invoked it.

    Raises:
        TemporarilyUnavailable: topic or table did not answer or are not there; records behind the first that met this
            were not tried, lest an invocation that could say so runs out of time.
        AlertInProgress: another invocation is at one of the alerts.
    """

    def __init__(self, notifier: BatchNotifier, sent: SentAlerts, logger: Logger | None = None) -> None:
        """Take what it publishes with and where it remembers published ids; logs as Powertools' variables say."""
        self._notifier = notifier
        self._sent = sent
        self._log = logger or Logger(service="alert-lambda")

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
        """Handle one event."""
        failed: list[KafkaEventRecord] = []
        busy: list[AlertInProgress] = []
        placed = [each for record in KafkaEvent(event).records if (each := self._read(record, failed)) is not None]
        for several in _at_once(placed):
            seconds = context.get_remaining_time_in_millis() / 1_000
            try:
                failed += self._settle(self._claimed(several, seconds, busy))
            except AWAY as error:
                raise TemporarilyUnavailable(f"the batch must come again: {error}") from error
        if busy:
            raise busy[0]
        failed.sort(key=lambda record: (record.topic, record.partition, record.offset))
        return {"batchItemFailures": [{"itemIdentifier": _identifier(record)} for record in failed]}

    def _read(self, record: KafkaEventRecord, failed: list[KafkaEventRecord]) -> _Placed | None:
        """What a record holds, or none with a line in the log and the record among those that failed."""
        try:
            alert = parse_alert(_value(record))
            return _Placed(alert, notification_of(alert), record)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other records shall not wait for it
            self._tell_failure(error, _place(record))
        failed.append(record)
        return None

    def _claimed(self, several: Sequence[_Placed], seconds: float, busy: list[AlertInProgress]) -> Sequence[_Placed]:
        """Those of several that nobody has published and nobody else is publishing."""
        ours: dict[uuid.UUID, _Placed] = {}
        for placed in several:
            alert_id = placed.alert.alert_id
            try:
                message_id = "" if alert_id in ours else self._sent.claim(alert_id, seconds)
            except AlertInProgress as error:
                self._warn(placed, error)
                busy.append(error)
                continue
            except AWAY as error:
                self._warn(placed, error)
                self._give_back(ours.values())
                raise
            if message_id is None:
                ours[alert_id] = placed
            else:
                self._log.info("repeated alert suppressed", message_id=message_id, **placed.facts())
        return list(ours.values())

    def _settle(self, ours: Sequence[_Placed]) -> Sequence[KafkaEventRecord]:
        """Publish claimed alerts and remember that; returns the records of those that nobody can publish."""
        outcomes = list(zip(ours, self._published(ours), strict=True))
        taken = {placed: outcome for placed, outcome in outcomes if isinstance(outcome, str)}
        refused = {placed: outcome for placed, outcome in outcomes if not isinstance(outcome, str)}
        for placed, message_id in taken.items():
            alert = placed.alert
            facts = placed.facts() | {"alert_id": str(alert.alert_id), "score": alert.score}
            self._log.info("alert published", message_id=message_id, **facts)
        if taken:
            self._sent.settle({placed.alert.alert_id: message_id for placed, message_id in taken.items()})
        self._give_back(refused)
        for placed, error in refused.items():
            if isinstance(error, AWAY):
                self._warn(placed, error)
                raise error
            self._tell_failure(error, placed.facts())
        return [placed.record for placed in refused]

    def _published(self, ours: Sequence[_Placed]) -> Sequence[str | Exception]:
        """The message id of each, or what was against it; alone, if there is something against all together."""
        try:
            return self._notifier.publish_all([placed.notification for placed in ours]) if ours else []
        except AWAY as error:
            return [error] * len(ours)
        except Exception as error:  # noqa: BLE001 - it may be a fault of one alert, and is told of that one
            return [error] if len(ours) == 1 else self._published_alone(ours)

    def _published_alone(self, ours: Sequence[_Placed]) -> Sequence[str | Exception]:
        outcomes: list[str | Exception] = []
        for placed in ours:
            away = outcomes and isinstance(outcomes[-1], AWAY)
            outcomes += outcomes[-1:] if away else self._published([placed])
        return outcomes

    def _give_back(self, several: Iterable[_Placed]) -> None:
        """Let others try these; if the memory does not answer, they may when the time of this invocation is over."""
        if alert_ids := {placed.alert.alert_id for placed in several}:
            with suppress(*AWAY):
                self._sent.release(alert_ids)

    def _tell_failure(self, error: Exception, facts: dict[str, Any]) -> None:
        if isinstance(error, MalformedEvent):
            self._log.error("not an alert", reason=error.reason, detail=masked_text(error.detail), **facts)
        else:
            self._log.error("alert failed", exc_info=error, **facts)

    def _warn(self, placed: _Placed, error: FraudstreamError) -> None:
        self._log.warning("alert not published yet", error=str(error), kind=type(error).__name__, **placed.facts())


def _at_once(placed: Sequence[_Placed]) -> Iterator[Sequence[_Placed]]:
    return (placed[first : first + MOST_AT_ONCE] for first in range(0, len(placed), MOST_AT_ONCE))


def _place(record: KafkaEventRecord) -> dict[str, Any]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}


def _identifier(record: KafkaEventRecord) -> KafkaItemIdentifier:
    return {"partition": f"{record.topic}-{record.partition}", "offset": record.offset}


def _value(record: KafkaEventRecord) -> bytes:
    if not record.get("value"):
        raise MalformedEvent("empty", "the record has no value")
    try:
        return record.decoded_value
    except ValueError as error:
        raise MalformedEvent("not_base64", str(error)) from error
