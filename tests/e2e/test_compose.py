"""The shipped compose file, whole: it starts from nothing, alerts, adds up, and comes back from every death."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import localstack_client.session
import pytest
from tests.conftest import SERVICES
from tests.servers.compose_stack import ComposeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ZEROS = ("lost", "duplicated", "phantom", "mismatched", "overdue", "wrong_slices", "alerts_missing", "alerts_unfounded")
SERVERS = ("spark-worker", "spark-master", "mlflow", "kafka", "postgres", "localstack", "aws-resources")
APPS = (
    "scorer",
    "label-applier",
    "alert-relay",
    "lambda-trigger",
    "alert-lambda",
    "notification-inbox",
    "live-quality",
    "producer",
)
PATIENCE = 90.0
"""Seconds until something that happens by itself must have happened."""
LONG_POLL = 5


@pytest.fixture(scope="module")
def stack(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    """The whole stack, started from nothing."""
    choice = pytestconfig.stash[SERVICES]
    if choice.kind != "containers":
        pytest.skip(f"needs a Docker engine: {choice.reason}")
    project, folder = f"fraudstream-e2e-{os.getpid()}", tmp_path_factory.mktemp("compose")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):  # what is taken out for the stack comes back afterwards
            patch.setenv(name, os.environ[name])
        with ComposeStack(project, folder, {"PRODUCER_RATE": "60"}) as running:
            yield running


def faults(balance: dict[str, Any]) -> dict[str, Any]:
    return {name: balance[name] for name in ZEROS if balance[name]} | {"problems": balance["problems"]}


def page(stack: ComposeStack, path: str, *, port: str = "MLFLOW_PORT", **headers: str) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{stack.port(port)}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
        return str(answer.read().decode())


def test_it_says_where_everything_is_and_shows_an_alert(stack: ComposeStack) -> None:
    deadline = time.monotonic() + PATIENCE
    while "make verify" not in (said := stack.run("logs", "--no-log-prefix", "ready")) and time.monotonic() < deadline:
        stack.run("wait", "ready", check=False)

    assert "fraudstream is ready." in said
    assert f"http://localhost:{stack.port('MLFLOW_PORT')}" in said
    assert "  notified  " in said


def test_a_planted_fraud_reaches_a_subscriber_of_the_topic(stack: ComposeStack) -> None:
    """An independent witness looks into LocalStack for what our code wrote through standard variables."""
    session = localstack_client.session.Session(localstack_host=f"127.0.0.1:{stack.port('LOCALSTACK_PORT')}")
    endpoint = f"http://127.0.0.1:{stack.port('LOCALSTACK_PORT')}"
    sqs, sns = session.client("sqs", endpoint_url=endpoint), session.client("sns", endpoint_url=endpoint)
    topic = next(found["TopicArn"] for found in sns.list_topics()["Topics"])
    queue = sqs.create_queue(QueueName="witness")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    stack.run("kill", "--signal", "SIGUSR1", "producer")
    arrived: list[str] = []
    deadline = time.monotonic() + PATIENCE
    planted: set[str] = set()
    while time.monotonic() < deadline and not planted & {json.loads(body)["transaction_id"] for body in arrived}:
        got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=LONG_POLL)
        arrived += [message["Body"] for message in got.get("Messages", [])]
        notes = stack.run("exec", "-T", "producer", "sh", "-c", "cat /var/lib/fraudstream/journal/scripted-*.json")
        planted = {each for note in notes.strip().splitlines() for each in json.loads(note)["transaction_ids"]}

    assert planted & {json.loads(body)["transaction_id"] for body in arrived}


def test_everything_adds_up(stack: ComposeStack) -> None:
    balance = stack.balance()

    assert faults(balance) == {"problems": []}
    assert balance["holds"]
    assert balance["mismatch_checked"] >= 500
    assert balance["alerts"] == balance["notified"] > 0


def test_mlflow_knows_the_model_at_work_and_its_card(stack: ComposeStack) -> None:
    model = json.loads(page(stack, "/api/2.0/mlflow/registered-models/get?name=fraudstream"))["registered_model"]
    (version,) = model["latest_versions"]
    run = json.loads(page(stack, f"/api/2.0/mlflow/runs/get?run_id={version['run_id']}"))["run"]
    card = page(stack, f"/get-artifact?path=model_card.md&run_uuid={version['run_id']}")

    assert {alias["alias"] for alias in model["aliases"]} == {"champion", "challenger"}
    assert len(run["data"]["metrics"]) > 5
    assert run["info"]["artifact_uri"].startswith("mlflow-artifacts:")
    assert card.startswith("# ")


def test_mlflow_refuses_a_foreign_host(stack: ComposeStack) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        page(stack, "/api/2.0/mlflow/experiments/search?max_results=1", Host="evil.example")


@pytest.mark.parametrize("service", [*SERVERS, *APPS])
def test_a_service_that_is_killed_is_healthy_again(stack: ComposeStack, service: str) -> None:
    stack.run("kill", service)

    stack.up("--no-deps", service)


def test_everything_adds_up_after_each_of_them_was_killed(stack: ComposeStack) -> None:
    stack.up()
    balance = stack.balance()

    assert faults(balance) == {"problems": []}
    assert balance["alerts"] == balance["notified"]


def test_a_second_worker_scores_too_and_scores_the_same(stack: ComposeStack) -> None:
    stack.up("--no-recreate", "--scale", "spark-worker=2")
    deadline = time.monotonic() + PATIENCE
    used: list[int] = []
    while len(used) < 2 and time.monotonic() < deadline:
        workers = json.loads(page(stack, "/json/", port="SPARK_UI_PORT"))["workers"]
        used = [worker["coresused"] for worker in workers if worker["state"] == "ALIVE" and worker["coresused"]]
    before = stack.balance()["scored"]
    balance = stack.balance()

    assert len(used) == 2
    assert balance["scored"] > before
    assert faults(balance) == {"problems": []}


def test_a_stack_that_was_taken_down_goes_on_where_it_was(stack: ComposeStack) -> None:
    before = stack.balance()
    stack.run("down")
    stack.up()
    balance = stack.balance()

    assert balance["scored"] > before["scored"]
    assert balance["model_version"] == before["model_version"]
    assert faults(balance) == {"problems": []}
