"""`TopicAdmin` on a broker, and whole ranges of a log."""

import base64
import contextlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import stamina
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from fraudstream.adapters.kafka.connection import connection_options, unavailable_if_refused
from fraudstream.adapters.kafka.messages import take
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.ports.records import Record, TopicPartitions
from fraudstream.settings import KafkaSettings

REQUEST_TIMEOUT = 20.0
"""Seconds an administrative request may take."""
TOPIC_CONFIG = {"message.timestamp.type": "LogAppendTime"}
"""The broker stamps every record: `Record.log_time` must not be a producer's clock."""
READ_AT_A_TIME = 10_000
"""Records taken from the client at a time while a range of a log is read."""


def _has_no_leader_yet(error: Exception) -> bool:
    """A partition that was made a moment ago has none."""
    return isinstance(error, KafkaException) and error.args[0].code() in {
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
    }


class KafkaAdmin:
    """`TopicAdmin` on a broker; also reads a whole range of a log without a group."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._admin = AdminClient(connection_options(settings))

    def ensure_topics(self, partitions: Mapping[str, int], replication_factor: int) -> None:
        """See `TopicAdmin.ensure_topics`."""
        wanted = [
            NewTopic(name, num_partitions=count, replication_factor=replication_factor, config=TOPIC_CONFIG)
            for name, count in partitions.items()
        ]
        for name, done in self._admin.create_topics(wanted, request_timeout=REQUEST_TIMEOUT).items():
            try:
                done.result(REQUEST_TIMEOUT)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise self._failed(f"topic {name} was not created", error) from error
            except TimeoutError as error:
                raise self._silent() from error
        for name in partitions:
            self._appeared(name)

    @stamina.retry(on=ConfigurationError, attempts=None, timeout=REQUEST_TIMEOUT, wait_initial=0.05, wait_max=1.0)
    def _appeared(self, topic: str) -> None:
        """A topic is created before every broker knows of it."""
        self.describe(topic)

    def describe(self, topic: str) -> TopicPartitions:
        """See `TopicAdmin.describe`."""
        asked = self._admin.describe_topics(TopicCollection([topic]), request_timeout=REQUEST_TIMEOUT)
        try:
            described = asked[topic].result(REQUEST_TIMEOUT)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise ConfigurationError(f"there is no topic {topic}; create it with `fraudstream migrate`") from error
            raise self._failed(f"the broker did not describe {topic}", error) from error
        except TimeoutError as error:
            raise self._silent() from error
        with unavailable_if_refused(f"the broker did not give the bounds of {topic}"):
            bounds = self._bounds(topic, [part.id for part in described.partitions])
        return TopicPartitions(topic, _uuid_text(str(described.topic_id)), bounds)

    @stamina.retry(on=_has_no_leader_yet, attempts=None, timeout=REQUEST_TIMEOUT, wait_initial=0.05, wait_max=1.0)
    def _bounds(self, topic: str, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        with contextlib.closing(self._reader()) as reader:
            return {
                partition: reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=REQUEST_TIMEOUT)
                for partition in partitions
            }

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
                taken = take(reader, READ_AT_A_TIME, REQUEST_TIMEOUT)
                if taken is None:
                    raise TemporarilyUnavailable(f"{topic}/{partition}: no answer before offset {end}")
                records += taken
        return [record for record in records if record.offset < end]

    def _failed(self, trouble: str, error: KafkaException) -> TemporarilyUnavailable:
        if error.args[0].code() == KafkaError._TIMED_OUT:  # noqa: SLF001 - the constant's public name
            return self._silent()
        return TemporarilyUnavailable(f"{trouble}: {error.args[0].str()}")

    def _silent(self) -> TemporarilyUnavailable:
        """The future of a request may give up a moment before the request itself."""
        return TemporarilyUnavailable(
            f"no broker at {self._settings.kafka_bootstrap_servers} answered within {REQUEST_TIMEOUT:.0f} seconds"
        )

    def _reader(self) -> Any:  # noqa: ANN401 - confluent_kafka ships no types
        return Consumer(
            connection_options(self._settings)
            | {"group.id": "fraudstream-reader", "enable.auto.commit": False, "auto.offset.reset": "error"}
        )


def _uuid_text(kafka_uuid: str) -> str:
    """Kafka prints topic ids as 22 characters of base64url; the database keeps them as UUIDs."""
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(kafka_uuid + "==")))
