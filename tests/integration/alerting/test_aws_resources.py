"""What the alert path needs in AWS is created once, and what is missing there is said plainly."""

import json
import time
from collections.abc import Callable, Mapping

import boto3
import pytest
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.aws.calls import dynamodb_client
from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.adapters.aws.queue import SqsQueue
from fraudstream.adapters.aws.resources import AlertingResources, ensure_alerting_resources
from fraudstream.alerting.inbox import alert_id_in
from fraudstream.alerting.message import notification_of
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.settings import AlertingSettings

pytestmark = pytest.mark.integration

Ensure = Callable[[], AlertingResources]


@pytest.fixture
def ensure(aws_environment: Mapping[str, str], unique_name: Callable[[str], str]) -> Ensure:
    assert aws_environment
    settings = AlertingSettings(idempotency_table=unique_name("sent"))
    topic, queue = unique_name("topic"), unique_name("queue")
    return lambda: ensure_alerting_resources(settings, topic=topic, queue=queue)


def test_creating_again_changes_nothing(ensure: Ensure) -> None:
    first = ensure()
    SnsNotifier(first.topic_arn).publish(notification_of(an_alert()))

    assert ensure() == first
    queue = SqsQueue(first.queue_url)
    assert [alert_id_in(message.body) for message in queue.receive(10, 2.0)] == [an_alert().alert_id]
    assert list(queue.receive(10, 0.0)) == []


def test_a_message_is_on_its_way_until_it_is_deleted(ensure: Ensure) -> None:
    made = ensure()
    queue = SqsQueue(made.queue_url)
    assert queue.on_the_way() == 0

    SnsNotifier(made.topic_arn).publish(notification_of(an_alert()))
    messages = queue.receive(10, 3.0)
    assert (len(messages), queue.on_the_way()) == (1, 1)
    queue.delete(messages)

    assert queue.on_the_way() == 0


def test_the_environment_names_what_was_created(ensure: Ensure, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ensure()
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)

    settings = AlertingSettings.load()

    assert settings.alerts_topic_arn == made.topic_arn
    assert settings.notifications_queue_url == made.queue_url
    assert settings.idempotency_table == made.idempotency_table


def test_sent_alert_ids_expire(ensure: Ensure) -> None:
    described = dynamodb_client().describe_time_to_live(TableName=ensure().idempotency_table)["TimeToLiveDescription"]

    assert described["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}
    assert described["AttributeName"] == "expiration"


def test_only_the_topic_may_write_to_the_queue_and_what_nobody_deletes_is_put_aside(ensure: Ensure) -> None:
    made = ensure()
    sqs = boto3.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=made.queue_url, AttributeNames=["All"])["Attributes"]

    (statement,) = json.loads(attributes["Policy"])["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": made.topic_arn}}
    assert int(json.loads(attributes["RedrivePolicy"])["maxReceiveCount"]) == 5
    assert attributes["VisibilityTimeout"] == "30"


def test_a_subscriber_that_wants_the_envelope_gets_subject_and_attributes(
    ensure: Ensure, unique_name: Callable[[str], str]
) -> None:
    made, sqs = ensure(), boto3.client("sqs")
    queue_url = sqs.create_queue(QueueName=unique_name("other"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=made.topic_arn, Protocol="sqs", Endpoint=arn)

    SnsNotifier(made.topic_arn).publish(notification_of(an_alert()))

    (message,) = SqsQueue(queue_url).receive(1, 3.0)
    envelope = json.loads(message.body)
    assert envelope["Subject"] == notification_of(an_alert()).subject
    assert envelope["MessageAttributes"]["location"] == {"Type": "String", "Value": "Chicago"}
    assert float(envelope["MessageAttributes"]["score"]["Value"]) == 0.973
    assert alert_id_in(message.body) == an_alert().alert_id


def test_a_missing_topic_is_a_configuration_error(ensure: Ensure) -> None:
    notifier = SnsNotifier(ensure().topic_arn + "-missing")

    with pytest.raises(ConfigurationError, match=r"SNS topic .*-missing.*Does it exist"):
        notifier.publish(notification_of(an_alert()))


def test_a_missing_queue_is_a_configuration_error(ensure: Ensure) -> None:
    queue = SqsQueue(ensure().queue_url + "-missing")

    with pytest.raises(ConfigurationError, match=r"SQS queue .*-missing.*Does it exist"):
        queue.receive(1, 0.0)


def test_an_endpoint_that_does_not_answer_is_unavailable_within_seconds(
    ensure: Ensure, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic_arn = ensure().topic_arn
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    began = time.monotonic()
    with pytest.raises(TemporarilyUnavailable, match="did not answer"):
        SnsNotifier(topic_arn).publish(notification_of(an_alert()))
    assert time.monotonic() - began < 30


def test_an_environment_without_a_region_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")

    with pytest.raises(ConfigurationError, match="You must specify a region"):
        SnsNotifier("arn:aws:sns:us-east-1:123456789012:alerts")
