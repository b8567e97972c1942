"""The servers that every other integration test relies on."""

import contextlib
from collections.abc import Mapping

import pytest
from sqlalchemy.engine import make_url

from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer
from fraudstream.contracts.topics import MAX_MESSAGE_BYTES
from fraudstream.errors import ConfigurationError
from fraudstream.ports.records import Delivery
from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.integration


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(connect(url, application="test")) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_each_test_has_a_migrated_database_of_its_own(database_url: str) -> None:
    assert query(database_url, "SELECT count(*) FROM positions") == [(0,)]
    assert query(database_url, "SELECT name, setting FROM pg_settings WHERE name = 'track_commit_timestamp'") == [
        ("track_commit_timestamp", "on")
    ]


def test_a_wrong_password_is_refused(database_url: str) -> None:
    wrong = make_url(database_url).set(password="wrong").render_as_string(hide_password=False)

    with pytest.raises(ConfigurationError, match="refuses the password of"):
        query(wrong, "SELECT 1")


def test_the_broker_takes_the_largest_message_and_stamps_it(kafka_settings: KafkaSettings, topic: str) -> None:
    KafkaAdmin(kafka_settings).ensure_topics({topic: 1}, replication_factor=1)
    producer, fates = KafkaProducer(kafka_settings), list[Delivery]()
    producer.send(topic, key=b"1", value=b"x" * (MAX_MESSAGE_BYTES - 1_000), on_delivery=fates.append)

    assert producer.flush(30) == 0
    assert [fate.error for fate in fates] == [None]
    with contextlib.closing(KafkaConsumer(kafka_settings, topic, group=topic)) as consumer:
        (record,) = consumer.consume(1, 30)
    assert len(record.value or b"") == MAX_MESSAGE_BYTES - 1_000
    assert record.log_time > 1_700_000_000


def test_no_topic_is_created_by_a_misspelling(kafka_settings: KafkaSettings, topic: str) -> None:
    producer = KafkaProducer(kafka_settings)
    producer.send(topic, key=None, value=b"1")
    producer.flush(1)

    with pytest.raises(ConfigurationError, match="there is no topic"):
        KafkaAdmin(kafka_settings).describe(topic)


def test_the_aws_endpoint_is_found_by_its_variables(aws_environment: Mapping[str, str]) -> None:
    import boto3  # noqa: PLC0415 - reads the variables when it is imported

    with contextlib.closing(boto3.client("sns")) as sns:
        arn = sns.create_topic(Name="services-test")["TopicArn"]
        sns.publish(TopicArn=arn, Message="hello")

    assert arn.startswith(f"arn:aws:sns:{aws_environment['AWS_REGION']}:")
