"""`TopicAdmin` on a broker, and whole ranges of a log."""

import base64
import contextlib
import datetime as dt
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import stamina
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

from fraudstream.adapters.kafka.connection import Refusals
from fraudstream.adapters.kafka.messages import take
from fraudstream.adapters.kafka.security import described
from fraudstream.errors import ConfigurationError, FraudstreamError, TemporarilyUnavailable
from fraudstream.ports.records import Record, TopicPartitions
from fraudstream.settings import KafkaSettings

if TYPE_CHECKING:
    from concurrent.futures import Future

REQUEST_TIMEOUT = 20.0
"""Seconds an administrative request may take."""
TOPIC_CONFIG = {"message.timestamp.type": "LogAppendTime"}
"""The broker stamps every record: `Record.log_time` must not be a producer's clock."""
LOOK_EVERY = 0.1
"""Seconds between two looks at whether the broker refuses us, while it is asked something."""
READ_AT_A_TIME = 10_000
"""Records taken from the client at a time while a range of a log is read."""
NEVER_POSSIBLE = {
    KafkaError.INVALID_REPLICATION_FACTOR: "KAFKA_REPLICATION_FACTOR must not be larger than the number of brokers, "
    "and is 3 on MSK",
    KafkaError.POLICY_VIOLATION: "The cluster has a policy for topics: look at KAFKA_REPLICATION_FACTOR and "
    "TRANSACTION_PARTITIONS",
}
"""Codes of a topic that can't be made as the settings say."""


def _has_no_leader_yet(error: Exception) -> bool:
    """A partition that was made a moment ago has none, nor has one whose only broker was too busy to be heard of."""
    return isinstance(error, KafkaException) and error.args[0].code() in {
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 - the constant's public name
    }


class KafkaAdmin:
    """`TopicAdmin` on a broker; also reads a whole range of a log without a group."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._refusals = Refusals(settings, "looking at its topics")
        self._admin = self._refusals.client(AdminClient)

    def ensure_topics(self, partitions: Mapping[str, int], replication_factor: int) -> None:
        """See `TopicAdmin.ensure_topics`."""
        wanted = [
            NewTopic(name, num_partitions=count, replication_factor=replication_factor, config=TOPIC_CONFIG)
            for name, count in partitions.items()
        ]
        for name, done in self._admin.create_topics(wanted, request_timeout=REQUEST_TIMEOUT).items():
            try:
                self._answer(done, f"creating topic {name}")
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise self._failed(f"topic {name} was not created", f"to create topic {name}", error) from error
        for name in partitions:
            self._appeared(name)

    @stamina.retry(on=ConfigurationError, attempts=None, timeout=REQUEST_TIMEOUT, wait_initial=0.05, wait_max=1.0)
    def _appeared(self, topic: str) -> None:
        """A topic is created before every broker knows of it."""
        self.describe(topic)

    def describe(self, topic: str) -> TopicPartitions:
        """See `TopicAdmin.describe`."""
        topic_id, partitions = self._asked(topic)
        with self._refusing(f"the broker did not give the bounds of {topic}", f"to read topic {topic}"):
            bounds = self._bounds(topic, partitions)
        return TopicPartitions(topic, topic_id, bounds)

    def topic_id(self, topic: str) -> str:
        """See `TopicAdmin.topic_id`."""
        return self._asked(topic)[0]

    def _asked(self, topic: str) -> tuple[str, list[int]]:
        asked = self._admin.describe_topics(TopicCollection([topic]), request_timeout=REQUEST_TIMEOUT)
        try:
            described = self._answer(asked[topic], f"describing topic {topic}")
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise ConfigurationError(f"there is no topic {topic}; create it with `fraudstream migrate`") from error
            raise self._failed(f"the broker did not describe {topic}", f"to describe topic {topic}", error) from error
        return _uuid_text(str(described.topic_id)), [part.id for part in described.partitions]

    @stamina.retry(on=_has_no_leader_yet, attempts=None, timeout=REQUEST_TIMEOUT, wait_initial=0.05, wait_max=1.0)
    def _bounds(self, topic: str, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        with contextlib.closing(self._reader()) as reader:
            return {
                partition: reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=REQUEST_TIMEOUT)
                for partition in partitions
            }

    def kept(self, topic: str) -> dt.timedelta | None:
        """How long the broker keeps records of a topic; `None` where it deletes none by their age.

        Raises:
            ConfigurationError: this principal may not read the topic's configuration.
            TemporarilyUnavailable: the broker did not answer.
        """
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        asked = self._admin.describe_configs([resource], request_timeout=REQUEST_TIMEOUT)
        try:
            said = self._answer(asked[resource], f"reading the configuration of topic {topic}")
        except KafkaException as error:
            may = f"to read the configuration of topic {topic}"
            raise self._failed(f"the broker did not say how long it keeps {topic}", may, error) from error
        milliseconds = int(said["retention.ms"].value)
        return None if milliseconds < 0 else dt.timedelta(milliseconds=milliseconds)

    def read(self, topic: str, partition: int, first: int, end: int) -> list[Record]:
        """Every record of one partition with `first <= offset < end`, in order.

        Raises:
            TemporarilyUnavailable: the broker stopped answering before the end was reached.
        """
        records: list[Record] = []
        if first >= end:
            return records
        with contextlib.closing(self._reader()) as reader:
            place = TopicPartition(topic, partition, first)
            reader.assign([place])
            while reader.position([place])[0].offset < end:
                taken = take(reader, READ_AT_A_TIME, REQUEST_TIMEOUT, self._refusals)
                if taken is None:
                    raise TemporarilyUnavailable(f"{topic}/{partition}: no answer before offset {end}")
                records += taken
        return [record for record in records if record.offset < end]

    def _answer(self, asked: "Future[Any]", call: str) -> Any:  # noqa: ANN401 - untyped
        """What comes of a request; a refusal, which librdkafka only tells its callback, at once."""
        deadline = time.monotonic() + REQUEST_TIMEOUT
        while True:
            try:
                answer = asked.result(LOOK_EVERY)
            except TimeoutError as error:
                self._admin.poll(0)  # serves the callback
                self._refusals.check(call)
                if time.monotonic() > deadline:
                    raise self._silent() from error
            except KafkaException:
                self._admin.poll(0)
                self._refusals.check(call)
                raise
            else:
                self._refusals.passed()
                return answer

    @contextlib.contextmanager
    def _refusing(self, trouble: str, may: str) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            raise self._failed(trouble, may, error) from error

    def _failed(self, trouble: str, may: str, error: KafkaException) -> FraudstreamError:
        said = error.args[0]
        if said.code() == KafkaError._TIMED_OUT:  # noqa: SLF001 - the constant's public name
            return self._silent()
        if said.code() in NEVER_POSSIBLE:
            return ConfigurationError(f"{trouble}: {said.str()}. {NEVER_POSSIBLE[said.code()]}")
        return self._refusals.forbidden(may, said) or TemporarilyUnavailable(f"{trouble}: {said.str()}")

    def _silent(self) -> TemporarilyUnavailable:
        """The future of a request may give up a moment before the request itself."""
        return TemporarilyUnavailable(
            f"no broker at {self._settings.kafka_bootstrap_servers} answered within {REQUEST_TIMEOUT:.0f} seconds: "
            f"is it running and within reach, and does that port speak {described(self._settings)}?"
        )

    def _reader(self) -> Any:  # noqa: ANN401 - confluent_kafka ships no types
        return self._refusals.client(
            Consumer,
            {"group.id": "fraudstream-reader", "enable.auto.commit": False, "auto.offset.reset": "error"},
            is_closed=True,
        )


def _uuid_text(kafka_uuid: str) -> str:
    """Kafka prints topic ids as 22 characters of base64url; the database keeps them as UUIDs."""
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(kafka_uuid + "==")))
