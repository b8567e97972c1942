"""The alerting stack, created by an emulator's CloudFormation: used as deployed, with policies enforced, and deleted.

What is looked at is always the service, never the status of the stack: emulators say COMPLETE of what they ignored.
Neither emulator takes an event source mapping of MSK; `test_mapping.py` holds its settings. moto enforces policies and
ignores subscriptions and expiry; LocalStack makes these, and runs functions only where it has Docker's socket.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.conftest import SERVICES
from tests.infra.account import Account, an_account
from tests.infra.templates import ACCOUNT, CLUSTER, Resolver, properties, templates
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.adapters.lambda_process import FunctionCode, RuntimeApiInvoker
from fraudstream.alerting.kafka_event import EventSource, build_event
from fraudstream.alerting.message import notification_of
from fraudstream.contracts.alert import encode_alert, parse_alert
from fraudstream.contracts.topics import ALERTS
from fraudstream.ports.records import Record

STACK = "fraudstream-alerting"
FUNCTION = Path(__file__).parents[2] / "services" / "alert_lambda"
MAPPING = "AWS::Lambda::EventSourceMapping"
NAMES = {"fraudstream-notifications", "fraudstream-notifications-undeliverable"}


@dataclass
class Deployed:
    """The stack in an account, and the function's process with the variables and the role it was deployed with."""

    account: Account
    configuration: Mapping[str, Any]
    role: str
    invoker: RuntimeApiInvoker

    def notifications(self) -> list[bytes]:
        """What has arrived at the subscriber since the last time."""
        sqs = self.account.client("sqs")
        url = sqs.get_queue_url(QueueName="fraudstream-notifications")["QueueUrl"]
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                found.append(message["Body"].encode())
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


def template(*left_out: str) -> str:
    """The golden template; what other stacks export is filled in, and resources of these types are left out."""
    filled = _with_imports(templates()["alerting"])
    kept = {name: each for name, each in filled["Resources"].items() if each["Type"] not in left_out}
    filled["Resources"] = kept
    filled["Outputs"] = {name: each for name, each in filled["Outputs"].items() if _is_about(each["Value"], kept)}
    return json.dumps(filled)


def _is_about(value: Any, resources: Mapping[str, Any]) -> bool:  # noqa: ANN401 - JSON
    """Whether an output refers to something that is there."""
    return str(value.get("Ref") or value["Fn::GetAtt"][0]) in resources


def _with_imports(given: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(given, dict):
        if given.keys() == {"Fn::ImportValue"}:
            return Resolver("alerting").value(given)
        return {name: _with_imports(each) for name, each in given.items()}
    return [_with_imports(each) for each in given] if isinstance(given, list) else given


def _subscribe(account: Account) -> None:
    """What moto ignores of the template, done by hand."""
    (given,) = [each for each in properties("AWS::SNS::Subscription", "alerting") if each["Protocol"] == "sqs"]
    raw = {"RawMessageDelivery": str(given["RawMessageDelivery"]).lower()}
    account.client("sns").subscribe(
        TopicArn=given["TopicArn"], Protocol="sqs", Endpoint=given["Endpoint"], Attributes=raw
    )


def an_event(*numbers: int) -> bytes:
    """What the mapping of MSK hands to the function."""
    records = [Record(ALERTS, 0, n, b"42", encode_alert(an_alert(n)), 1_750_000_000.0) for n in numbers]
    return build_event(records, EventSource("b-1.fraudstream.example:9098", CLUSTER))


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    with an_account() as account:
        account.client("cloudformation").create_stack(
            StackName=STACK,
            TemplateBody=template(MAPPING),
            Parameters=[{"ParameterKey": "ImageTag", "ParameterValue": "v1"}],
            Capabilities=["CAPABILITY_IAM"],
        )
        configuration = account.client("lambda").get_function_configuration(FunctionName="fraudstream-alert")
        _subscribe(account)
        role = configuration["Role"].rsplit("/", 1)[-1]
        variables = {
            **account.environment(role),
            **configuration["Environment"]["Variables"],
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        account.enforce()
        invoker = RuntimeApiInvoker(
            FunctionCode("handler.handler", FUNCTION, variables, timeout=configuration["Timeout"])
        )
        invoker.start()
        try:
            yield Deployed(account, configuration, role, invoker)
        finally:
            invoker.close()


def test_the_services_have_what_the_template_says(deployed: Deployed) -> None:
    client = deployed.account.client

    assert {url.rsplit("/", 1)[-1] for url in client("sqs").list_queues()["QueueUrls"]} == NAMES
    assert client("dynamodb").list_tables()["TableNames"] == ["fraudstream-alert-idempotency"]
    assert client("sns").list_topics()["Topics"][0]["TopicArn"].endswith(":fraudstream-alerts")
    assert (deployed.configuration["Timeout"], deployed.configuration["MemorySize"]) == (30, 512)
    assert client("iam").list_role_policies(RoleName=deployed.role)["PolicyNames"]


def test_the_function_notifies_once_as_the_role_and_with_the_variables_it_was_deployed_with(deployed: Deployed) -> None:
    first = deployed.invoker.invoke(an_event(1, 2))
    arrived = deployed.notifications()
    again = deployed.invoker.invoke(an_event(1, 2, 3))

    assert (first.error, again.error) == (None, None)
    assert {parse_alert(body).alert_id for body in arrived} == {an_alert(n).alert_id for n in (1, 2)}
    assert [parse_alert(body).alert_id for body in deployed.notifications()] == [an_alert(3).alert_id]


def test_without_the_right_to_publish_it_says_that_it_waits(deployed: Deployed) -> None:
    """The proof that rights counted in the other test."""
    iam = deployed.account.client("iam")
    (name,) = iam.list_role_policies(RoleName=deployed.role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=deployed.role, PolicyName=name)["PolicyDocument"]
    rest = [each for each in document["Statement"] if each["Action"] != "sns:Publish"]
    assert len(rest) == len(document["Statement"]) - 1
    taken = json.dumps({**document, "Statement": rest})
    iam.put_role_policy(RoleName=deployed.role, PolicyName=name, PolicyDocument=taken)

    refused = deployed.invoker.invoke(an_event(4))
    iam.put_role_policy(RoleName=deployed.role, PolicyName=name, PolicyDocument=json.dumps(document))

    assert refused.error is not None
    assert "TemporarilyUnavailable" in refused.error
    assert deployed.notifications() == []


def test_deleted_it_leaves_nothing(deployed: Deployed) -> None:
    client = deployed.account.client
    client("cloudformation").delete_stack(StackName=STACK)

    assert client("sqs").list_queues().get("QueueUrls", []) == []
    assert client("sns").list_topics()["Topics"] == []
    assert client("dynamodb").list_tables()["TableNames"] == []
    assert client("iam").list_roles()["Roles"] == []
    deployed.account.stop_enforcing()  # moto signs calls to Lambda otherwise than the SDK does
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client("lambda").get_function_configuration(FunctionName="fraudstream-alert")


@pytest.fixture
def prefix(
    pytestconfig: pytest.Config,
    request: pytest.FixtureRequest,
    unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Beginning of the names of this test, in LocalStack."""
    if pytestconfig.stash[SERVICES].kind != "containers":
        pytest.skip("LocalStack runs only in a container, and the servers of this run are embedded")
    request.getfixturevalue("aws_environment")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return unique_name("fraudstream")


def test_in_localstack_a_published_alert_reaches_the_subscriber_and_what_was_sent_expires(prefix: str) -> None:
    cloudformation = boto3.client("cloudformation")
    text = template(MAPPING, "AWS::Lambda::Function").replace("fraudstream-", f"{prefix}-")
    text = text.replace(f"/{ACCOUNT}/", "/000000000000/").replace(f":{ACCOUNT}:", ":000000000000:")
    given = [{"ParameterKey": "ImageTag", "ParameterValue": "v1"}]
    cloudformation.create_stack(StackName=prefix, TemplateBody=text, Parameters=given, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=prefix, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    (topic,) = [each["TopicArn"] for each in boto3.client("sns").list_topics()["Topics"] if prefix in each["TopicArn"]]
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{prefix}-notifications")["QueueUrl"]

    SnsNotifier(topic).publish(notification_of(an_alert(1)))
    received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    redrive = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    expiry = boto3.client("dynamodb").describe_time_to_live(TableName=f"{prefix}-alert-idempotency")

    assert [parse_alert(message["Body"].encode()) for message in received] == [an_alert(1)]
    assert json.loads(redrive)["deadLetterTargetArn"].endswith(f"{prefix}-notifications-undeliverable")
    assert expiry["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiration"}
    cloudformation.delete_stack(StackName=prefix)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=prefix, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    assert not [each for each in boto3.client("sns").list_topics()["Topics"] if prefix in each["TopicArn"]]
    assert not sqs.list_queues(QueueNamePrefix=prefix).get("QueueUrls")
    assert f"{prefix}-alert-idempotency" not in boto3.client("dynamodb").list_tables()["TableNames"]
