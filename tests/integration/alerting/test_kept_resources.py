"""An emulator that forgets gets back what it forgot, under the names that the apps know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import boto3
import pytest
from tests.conftest import SERVICES
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.aws.bucket import ensure_bucket
from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.adapters.aws.queue import SqsQueue
from fraudstream.adapters.aws.resources import AwsResources, ResourceNames
from fraudstream.alerting.inbox import alert_id_in
from fraudstream.alerting.message import notification_of
from fraudstream.clock import ManualClock
from fraudstream.errors import ConfigurationError
from fraudstream.provisioning.aws_resources import keep, keep_resources, provision_aws
from fraudstream.settings import AlertingSettings

pytestmark = pytest.mark.integration

TOPIC_ARN = "arn:aws:sns:us-east-1:{}:fraudstream-alerts"
LOCALSTACK_ACCOUNT = "000000000000"


@dataclass(frozen=True)
class Place:
    """Resources of one test, and their names."""

    names: ResourceNames
    resources: AwsResources

    def look_once(self) -> None:
        """One round of the loop."""
        clock = ManualClock()
        keep(self.resources, every=5.0, stopping=lambda: clock.slept != [], clock=clock)


@pytest.fixture
def place(aws_environment: Mapping[str, str], unique_name: Callable[[str], str]) -> Place:
    assert aws_environment
    names = ResourceNames(unique_name("sent"), unique_name("topic"), unique_name("queue"), (unique_name("bucket"),))
    return Place(names, AwsResources(names))


def delivers(topic_arn: str, queue_url: str) -> bool:
    """Whether what is published to the topic reaches the queue."""
    SnsNotifier(topic_arn).publish(notification_of(an_alert()))
    queue = SqsQueue(queue_url)
    messages = queue.receive(10, 3.0)
    queue.delete(messages)
    return [alert_id_in(message.body) for message in messages] == [an_alert().alert_id]


def test_nothing_is_there_before_and_everything_after_one_look(place: Place) -> None:
    names = place.names
    before = place.resources.missing()

    place.look_once()

    assert before == [
        f"SNS topic {names.topic}",
        f"SQS queue {names.queue}",
        f"SQS queue {names.undeliverable}",
        f"DynamoDB table {names.table}",
        f"S3 bucket {names.buckets[0]}",
    ]
    assert place.resources.missing() == []


def test_what_was_forgotten_is_back_after_one_look_under_the_same_names(place: Place) -> None:
    made = place.resources.ensure()
    boto3.client("sns").delete_topic(TopicArn=made.topic_arn)
    boto3.client("sqs").delete_queue(QueueUrl=made.queue_url)
    boto3.client("dynamodb").delete_table(TableName=made.idempotency_table)
    boto3.client("s3").delete_bucket(Bucket=place.names.buckets[0])
    forgotten = place.resources.missing()

    place.look_once()

    assert len(forgotten) == 4
    assert place.resources.missing() == []
    assert place.resources.ensure() == made
    assert delivers(made.topic_arn, made.queue_url)


def test_a_lost_subscription_is_made_again(place: Place) -> None:
    made = place.resources.ensure()
    sns = boto3.client("sns")
    for subscription in sns.list_subscriptions_by_topic(TopicArn=made.topic_arn)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    assert place.resources.missing() == [f"subscription of {place.names.queue} to {place.names.topic}"]

    place.look_once()

    assert delivers(made.topic_arn, made.queue_url)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_bucket_is_made_in_the_region_and_is_closed_to_the_public(
    aws_environment: Mapping[str, str],
    unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    region: str,
) -> None:
    assert aws_environment
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    name = unique_name("bucket")

    for _ in range(2):
        ensure_bucket(name)

    s3 = boto3.client("s3")
    place = s3.get_bucket_location(Bucket=name).get("LocationConstraint")
    assert place == (None if region == "us-east-1" else region)
    closed = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}


def test_a_topic_that_the_apps_know_by_another_address_is_a_configuration_error(
    aws_environment: Mapping[str, str], unique_name: Callable[[str], str]
) -> None:
    assert aws_environment
    elsewhere = f"arn:aws:sns:eu-west-1:111111111111:{unique_name('topic')}"
    settings = AlertingSettings(alerts_topic_arn=elsewhere, idempotency_table=unique_name("sent"))

    with pytest.raises(ConfigurationError, match=f"ALERTS_TOPIC_ARN is {elsewhere}.*region and account"):
        keep_resources(settings, stopping=lambda: False, clock=ManualClock())


def test_names_can_be_written_down_before_anything_exists(
    pytestconfig: pytest.Config, aws_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On LocalStack; the queue is found by account and name, whatever host its address has."""
    if pytestconfig.stash[SERVICES].kind != "containers":
        pytest.skip("the embedded endpoint has an account of its own")
    topic_arn = TOPIC_ARN.format(LOCALSTACK_ACCOUNT)
    path = f"{LOCALSTACK_ACCOUNT}/fraudstream-notifications"
    addresses = [
        f"http://sqs.us-east-1.localhost.localstack.cloud:4566/{path}",
        f"{aws_environment['AWS_ENDPOINT_URL']}/{path}",
        f"http://a-host-that-does-not-exist.invalid:4566/{path}",
    ]
    monkeypatch.setenv("ALERTS_TOPIC_ARN", topic_arn)
    monkeypatch.setenv("NOTIFICATIONS_QUEUE_URL", addresses[-1])

    assert topic_arn in provision_aws()
    assert [delivers(topic_arn, address) for address in addresses] == [True] * len(addresses)
