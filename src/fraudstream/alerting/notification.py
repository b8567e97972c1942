"""The alert function: every alert of an event is published once, and what failed is reported record by record.

It runs in Lambda and starts cold, so it imports nothing but the contracts, Powertools and msgspec.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.kafka_event import KafkaEventRecord
from aws_lambda_powertools.utilities.idempotency import (
    BasePersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from fraudstream.alerting.message import notification_of
from fraudstream.contracts.alert import Alert, parse_alert
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.masking import masked_text
from fraudstream.ports.delivery import Notifier

REMEMBERED_SECONDS = 14 * 24 * 3_600
"""How long an alert id is remembered: twice the week that Kafka keeps a record, so that no replay is news."""
AWAY = (TemporarilyUnavailable, ConfigurationError, IdempotencyPersistenceLayerError)
"""Failures of what the function depends on: they say nothing about the alert, and the next one would fail like it."""
UNDECIDED = (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError)
"""Another invocation is at this alert, or died of it, which its time limit will tell."""


class AlertFunction:
    """The Lambda handler of Kafka events with alerts.

    Calling it publishes every alert whose id was not published before, and answers with `batchItemFailures`. If a
    record failed for a reason that lies outside of it, it raises, so that the whole batch comes again; what was
    published until then is suppressed the next time. The name of what it raises reaches whoever invoked it.

    Raises:
        TemporarilyUnavailable: topic or table did not answer or are not there; records behind the first that met this
            were not tried, lest an invocation that could say so runs out of time.
        IdempotencyAlreadyInProgressError: another invocation is at one of the alerts.
        IdempotencyInconsistentStateError: another invocation changes what is remembered about one of the alerts.
    """

    def __init__(self, notifier: Notifier, sent: BasePersistenceLayer, logger: Logger | None = None) -> None:
        """Take what it publishes with and where it remembers published ids; logs as Powertools' variables say."""
        self._notifier = notifier
        self._log = logger or Logger(service="alert-lambda")
        self._config = IdempotencyConfig(
            expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256", response_hook=self._log_repeat
        )
        self._publish_once = idempotent_function(
            self._publish,
            data_keyword_argument="alert_id",
            config=self._config,
            persistence_store=sent,
            key_prefix="alert",
        )
        self._processor = BatchProcessor(event_type=EventType.Kafka, raise_on_entire_batch_failure=False)
        self._away: Exception | None = None

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
        """Handle one event."""
        self._config.register_lambda_context(context)
        self._away = None
        answer = process_partial_response(event, self._publish_record, self._processor, context)
        if self._away is not None:
            raise TemporarilyUnavailable(f"the batch must come again: {self._away}") from self._away
        for _, error, _ in self._processor.exceptions:
            if isinstance(error, UNDECIDED):
                raise error
        return answer

    def _publish_record(self, record: KafkaEventRecord) -> None:
        """Publish one record; Powertools passes it by this name, and hides what is raised, so it is logged here."""
        if self._away is not None:
            raise TemporarilyUnavailable("not tried")
        place: dict[str, Any] = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        try:
            alert = parse_alert(_value(record))
            place["transaction_id"] = str(alert.transaction_id)
            self._publish_once(alert_id=str(alert.alert_id), alert=alert)
        except MalformedEvent as error:
            self._log.error("not an alert", reason=error.reason, detail=masked_text(error.detail), **place)
            raise
        except (*AWAY, *UNDECIDED) as error:
            self._log.warning("alert not published yet", error=str(error), kind=type(error).__name__, **place)
            if isinstance(error, AWAY):
                self._away = error
            raise
        except Exception:
            self._log.exception("alert failed", **place)
            raise

    def _publish(self, *, alert_id: str, alert: Alert) -> str:
        message_id = self._notifier.publish(notification_of(alert))
        self._log.info(
            "alert published",
            alert_id=alert_id,
            transaction_id=str(alert.transaction_id),
            message_id=message_id,
            score=alert.score,
        )
        return message_id

    def _log_repeat(self, response: Any, idempotent_data: DataRecord) -> Any:  # noqa: ANN401 - Powertools' signature
        self._log.info("repeated alert suppressed", message_id=response, key=idempotent_data.idempotency_key)
        return response


def _value(record: KafkaEventRecord) -> bytes:
    if not record.get("value"):
        raise MalformedEvent("empty", "the record has no value")
    try:
        return record.decoded_value
    except ValueError as error:
        raise MalformedEvent("not_base64", str(error)) from error
