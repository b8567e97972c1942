"""The alert path on real servers, from the outbox to the table of notifications, with a function in AWS's runtime."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import stamina
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.aws.queue import SqsQueue
from fraudstream.adapters.aws.resources import AlertingResources, AwsResources, ResourceNames
from fraudstream.adapters.database.alert_store import PostgresAlerts
from fraudstream.adapters.database.outbox_store import CHANNEL, PostgresOutbox
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer
from fraudstream.adapters.lambda_process import FunctionCode, RuntimeApiInvoker
from fraudstream.alerting.inbox import Inbox
from fraudstream.alerting.kafka_event import EventSource
from fraudstream.alerting.parking import Parking
from fraudstream.alerting.relay import Relay
from fraudstream.alerting.trigger import Trigger, TriggerPolicy
from fraudstream.clock import Clock, SystemClock
from fraudstream.contracts.alert import encode_alert
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.metrics.board import Board
from fraudstream.ports.delivery import FunctionAnswer
from fraudstream.ports.records import Record
from fraudstream.settings import KafkaSettings, sdk_environment

PATIENCE = 60.0
FUNCTION = Path(__file__).parents[3] / "services" / "alert_lambda"
INSERT = "INSERT INTO outbox (topic, key, value, not_before) VALUES (%s, %s, %s, to_timestamp(0))"


class RecordingInvoker(RuntimeApiInvoker):
    """The real invoker, which keeps the answers it gave."""

    def __init__(self, code: FunctionCode) -> None:
        super().__init__(code)
        self.answers: list[FunctionAnswer] = []

    def invoke(self, event: bytes) -> FunctionAnswer:
        answer = super().invoke(event)
        self.answers.append(answer)
        return answer


class AlertWorld:
    """One alert path with names of its own; `environment` is laid over that of its function."""

    def __init__(
        self,
        kafka: KafkaSettings,
        database_url: str,
        name: Callable[[str], str],
        *,
        timeout: float = 20.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.kafka, self.database_url = kafka, database_url
        self.topic, self.failed_topic, self.group = name("alerts"), name("alerts-failed"), name("group")
        KafkaAdmin(kafka).ensure_topics({self.topic: 1, self.failed_topic: 1}, 1)
        self.aws = AwsResources(ResourceNames(name("sent"), name("topic"), name("queue")))
        self.resources = self._resources()
        told = {**sdk_environment(), **self.resources.environment(), "POWERTOOLS_LOG_LEVEL": "WARNING"}
        self.invoker = RecordingInvoker(
            FunctionCode("handler.handler", FUNCTION, {**told, **(environment or {})}, timeout=timeout)
        )
        self.invoker.start()

    @stamina.retry(on=TemporarilyUnavailable, attempts=None, timeout=PATIENCE)
    def _resources(self) -> AlertingResources:
        """An emulator that was just started makes its first table for a while."""
        return self.aws.ensure()

    def commit_alerts(self, *numbers: int) -> None:
        """Commit outbox rows as the scorer does."""
        session = closing(connect(self.database_url, application="test"))
        with session as connection, connection, connection.cursor() as cursor:
            for number in numbers:
                cursor.execute(INSERT, (self.topic, b"42", encode_alert(an_alert(number))))
            cursor.execute(f"NOTIFY {CHANNEL}")

    def publish(self, *values: bytes) -> None:
        """Write records to the topic of alerts, as a relay or anybody else does."""
        producer = KafkaProducer(self.kafka)
        for value in values:
            producer.send(self.topic, key=b"42", value=value)
        assert producer.flush(PATIENCE) == 0

    def relay(self) -> int:
        """Publish what is in the outbox."""
        with closing(PostgresOutbox(self.database_url)) as outbox:
            return Relay(outbox, KafkaProducer(self.kafka, linger_ms=0)).run_once(0.1)

    @contextmanager
    def trigger(
        self,
        consumer_class: type[KafkaConsumer] = KafkaConsumer,
        *,
        clock: Clock | None = None,
        policy: TriggerPolicy | None = None,
        board: Board | None = None,
    ) -> Iterator[Trigger]:
        """A trigger of this path's function."""
        with closing(consumer_class(self.kafka, self.topic, group=self.group)) as consumer:
            yield Trigger(
                consumer,
                self.invoker,
                Parking(KafkaProducer(self.kafka), self.failed_topic),
                EventSource(self.kafka.kafka_bootstrap_servers),
                clock=clock or SystemClock(),
                policy=policy,
                board=board,
            )

    def deliver(self, count: int, *, consumer: type[KafkaConsumer] = KafkaConsumer) -> None:
        """Run the trigger until `count` records are done with."""
        done, deadline = 0, time.monotonic() + PATIENCE
        with self.trigger(consumer) as trigger:
            while done < count:
                assert time.monotonic() < deadline, f"{done} of {count} records are done with"
                done += trigger.run_once(0.5)

    def notified(self, count: int) -> list[str]:
        """Alert ids in the table of notifications, once at least `count` messages are there and the queue is empty."""
        deadline = time.monotonic() + PATIENCE
        with closing(PostgresAlerts(self.database_url, application="test")) as alerts:
            inbox = Inbox(SqsQueue(self.resources.queue_url), alerts)
            while inbox.run_once(1.0) or len(ids := self.query("SELECT alert_id::text FROM notifications")) < count:
                assert time.monotonic() < deadline, f"{count} notifications did not come"
        return [str(row[0]) for row in ids]

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """All rows of a query."""
        with closing(connect(self.database_url, application="test")) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def records(self, topic: str) -> list[Record]:
        """The whole log of a topic."""
        admin = KafkaAdmin(self.kafka)
        (first, end) = admin.describe(topic).bounds[0]
        return list(admin.read(topic, 0, first, end))

    def close(self) -> None:
        """End the function."""
        self.invoker.close()


def ids(*numbers: int) -> list[str]:
    """Ids of alerts as texts."""
    return [str(an_alert(number).alert_id) for number in numbers]
