"""`fraudstream doctor --aws`, the probe, and what AWS refuses, on the emulators."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import pytest

from fraudstream.adapters.aws.bucket import ensure_bucket
from fraudstream.adapters.aws.target import caller_identity
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.cloud.doctor import look_at_aws
from fraudstream.cloud.probe import run_probe
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import ConfigurationError
from fraudstream.local.aws import START_TIMEOUT, aws_command, aws_environment
from fraudstream.local.ports import is_listening, reserve
from fraudstream.local.processes import Supervisor
from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.integration
TIMEOUT = 120
CALLS = 18
KNOWN_TO_DIFFER = {"s3:PutObject with a wrong digest is refused"}
"""On moto 5.2.5; whoever updates an emulator looks at this anew."""


@pytest.fixture(autouse=True)
def _fresh_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def whole(
    aws_environment: Mapping[str, str],
    kafka_settings: KafkaSettings,
    database_url: str,
    unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Mapping[str, str]:
    """The variables of a stack that is there, set in this process."""
    KafkaAdmin(kafka_settings).ensure_topics({TRANSACTIONS: 1}, 1)
    bucket = unique_name("archive")
    ensure_bucket(bucket)
    topic_arn = boto3.client("sns").create_topic(Name=unique_name("alerts"))["TopicArn"]
    variables = {
        **aws_environment,
        "ALERTS_TOPIC_ARN": topic_arn,
        "ARCHIVE_BUCKET": bucket,
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.kafka_bootstrap_servers,
        "DATABASE_URL": database_url,
        "MLFLOW_TRACKING_URI": "http://somebody:secret@localhost:5000",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def test_everything_is_named_and_tried(whole: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    status, said = look_at_aws(), capsys.readouterr().out

    assert status == 0, said
    assert "everything fits together" in said
    assert whole["AWS_ENDPOINT_URL"] in said
    assert f"bucket {whole['ARCHIVE_BUCKET']} is there" in said
    assert f"topic {whole['ALERTS_TOPIC_ARN']} is there" in said
    assert f"topic {TRANSACTIONS} is there" in said
    assert "over PLAINTEXT" in said
    assert "arn:aws:" in said
    assert "secret" not in said


def test_what_is_missing_is_told_and_the_exit_status_is_two(
    whole: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    topic_arn = f"{whole['ALERTS_TOPIC_ARN']}-missing"
    monkeypatch.setenv("ARCHIVE_BUCKET", "no-such-bucket-here")
    monkeypatch.setenv("ALERTS_TOPIC_ARN", topic_arn)
    monkeypatch.setenv("ALERT_FUNCTION_NAME", "no-such-function")

    status, said = look_at_aws(), capsys.readouterr().out

    assert status == 2
    assert "there is no bucket no-such-bucket-here: look at ARCHIVE_BUCKET" in said
    assert f"SNS topic {topic_arn}: " in said
    assert "GetTopicAttributes" in said
    assert "function no-such-function: " in said


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AWS_ACCESS_KEY_ID", "AKIAQWERTYUIOPASDFGH", "look real, and would be sent to an endpoint that is not AWS's"),
        ("AWS_ENDPOINT_URL", "", "is a made-up one, which AWS refuses"),
        ("KAFKA_BOOTSTRAP_SERVERS", "b-1.c.kafka.us-east-1.amazonaws.com:9098", "is on AWS, while an emulator"),
    ],
)
def test_a_mix_is_refused_before_anything_is_called(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)

    status, said = look_at_aws(), capsys.readouterr().out

    assert status == 2
    assert told in said
    assert " caller " not in said


@pytest.mark.usefixtures("aws_environment")
def test_without_credentials_the_way_to_some_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))

    assert look_at_aws() == 2
    assert "there are no AWS credentials: set AWS_PROFILE or" in capsys.readouterr().out


@pytest.mark.usefixtures("aws_environment")
def test_the_probe_judges_an_emulator_and_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run_probe(json_only=True, on_aws=False)

    verdict = json.loads(capsys.readouterr().out)
    assert {each["call"] for each in verdict["calls"] if each["verdict"] == "different"} <= KNOWN_TO_DIFFER, verdict
    assert len(verdict["calls"]) == CALLS
    assert [bucket for bucket in boto3.client("s3").list_buckets()["Buckets"] if "probe" in bucket["Name"]] == []


def test_the_probe_makes_nothing_on_aws_by_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAQWERTYUIOPASDFGH")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    with pytest.raises(ConfigurationError, match="in your AWS account: set AWS_ENDPOINT_URL to an emulator, or give"):
        run_probe(json_only=True, on_aws=False)


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """A moto server of this module's own that asks who may do what, and the keys of a user who may do nothing."""
    home = tmp_path_factory.mktemp("enforced")
    port = reserve(home, ("aws",))["aws"]
    with Supervisor(home, dict(os.environ)) as supervisor:
        process = supervisor.start(aws_command(port))
        supervisor.wait_until(process, lambda: is_listening(port), START_TIMEOUT)
        variables = dict(aws_environment(port))
        iam = boto3.Session("local", "local", region_name="us-east-1").client(
            "iam",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
        )
        iam.create_user(UserName="nobody")
        key = iam.create_access_key(UserName="nobody")["AccessKey"]
        url, plain = f"{variables['AWS_ENDPOINT_URL']}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        urlopen(Request(url, data=b"0", headers=plain, method="POST"), timeout=TIMEOUT).close()  # noqa: S310 - loopback
        yield variables | {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def fraudstream(*arguments: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Exit status and standard error, in an environment with these variables of AWS's alone."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-m", "fraudstream", *arguments],
        env=inherited | dict(environment),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_denied_call_is_one_sentence_with_call_principal_and_next_step(enforced: Mapping[str, str]) -> None:
    status, said = fraudstream("provision", "aws", "--bucket", "ours", environment=enforced)

    assert status == 2
    assert said.count("\n") == 1
    assert "CreateTopic" in said
    assert "user/nobody" in said
    assert "Allow this call to that identity" in said


def test_a_stranger_is_told_the_key_and_the_next_step(
    enforced: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**enforced, "AWS_ACCESS_KEY_ID": "AKIAQWERTYUIOPASDFGH"}.items():
        monkeypatch.setenv(name, value)

    stranger = r"called as access key AKIAQWERTYUIOPASDFGH\)\. "
    with pytest.raises(ConfigurationError, match=rf"GetCallerIdentity.*{stranger}Look at the credentials"):
        caller_identity()
    with pytest.raises(ConfigurationError, match=rf"S3 bucket ours: .*HeadBucket.*{stranger}.*It is another account's"):
        ensure_bucket("ours")
