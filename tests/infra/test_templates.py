"""What the templates say fits what the project says, and keeps to its rules."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.infra.templates import CLUSTER, FOLDER, ROOT, of_type, properties, templates

from fraudstream.adapters.aws.score_table import EXPIRY
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.kafka.admin import TOPIC_CONFIG
from fraudstream.contracts.topics import MAX_MESSAGE_BYTES, TOPICS
from fraudstream.settings import DatabaseSettings, KafkaSettings, ProvisioningSettings, variables

AGREED = {"KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "DATABASE_AUTH"}
"""Settings of the adapters for AWS."""
FOREIGN = {"AWS_REGION", "AWS_DEFAULT_REGION", "NUMBA_CACHE_DIR"}
"""Read by libraries."""
WITHIN_A_COMMAND = {"ANALYST_TOKEN"}
SOURCE = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
BUCKETS = of_type("AWS::S3::Bucket")


def containers() -> dict[str, dict[str, Any]]:
    """The one container of each task of ECS, by its family."""
    return {each["Family"]: each["ContainerDefinitions"][0] for each in properties("AWS::ECS::TaskDefinition")}


def test_the_topics_are_those_of_the_contracts() -> None:
    made = {each["TopicName"]: each for each in properties("AWS::MSK::Topic")}

    assert made.keys() == {spec.name for spec in TOPICS}
    for spec in TOPICS:
        topic = made[spec.name]
        given = json.loads(base64.b64decode(topic["Configs"]))
        assert topic["PartitionCount"] == (spec.partitions or 12)
        assert (topic["ReplicationFactor"], topic["ClusterArn"]) == (3, CLUSTER)
        assert given.items() >= TOPIC_CONFIG.items()
        assert int(given["retention.ms"]) == 7 * 24 * 3_600 * 1_000


def test_the_brokers_take_the_largest_record_from_clients_that_sign_in_by_iam_over_tls_alone() -> None:
    (cluster,) = properties("AWS::MSK::Cluster")
    (settings,) = properties("AWS::MSK::Configuration")
    given = dict(line.split("=") for line in settings["ServerProperties"].splitlines())

    assert cluster["ClientAuthentication"] == {
        "Sasl": {"Iam": {"Enabled": True}},
        "Unauthenticated": {"Enabled": False},
    }
    assert cluster["EncryptionInfo"]["EncryptionInTransit"] == {"ClientBroker": "TLS", "InCluster": True}
    assert int(given["message.max.bytes"]) > MAX_MESSAGE_BYTES
    assert given["log.message.timestamp.type"] == TOPIC_CONFIG["message.timestamp.type"]
    assert given["auto.create.topics.enable"] == given["unclean.leader.election.enable"] == "false"


@pytest.mark.parametrize("name", BUCKETS)
def test_buckets_are_private_encrypted_and_read_over_tls_alone(name: str) -> None:
    given = BUCKETS[name]["Properties"]
    policies = [
        p["Properties"] for p in of_type("AWS::S3::BucketPolicy").values() if p["Properties"]["Bucket"]["Ref"] == name
    ]
    denied = [s for s in policies[0]["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]

    assert set(given["PublicAccessBlockConfiguration"].values()) == {True}
    assert (
        given["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"][
            "SSEAlgorithm"
        ]
        == "aws:kms"
    )
    assert given["LifecycleConfiguration"]["Rules"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [statement["Condition"] for statement in denied]


def test_the_database_signs_in_by_iam_over_tls_and_is_backed_up() -> None:
    (instance,) = properties("AWS::RDS::DBInstance")
    (parameters,) = properties("AWS::RDS::DBParameterGroup")

    assert instance["EnableIAMDatabaseAuthentication"] is instance["StorageEncrypted"] is instance["MultiAZ"] is True
    assert instance["PubliclyAccessible"] is False
    assert instance["BackupRetentionPeriod"] == 14
    assert parameters["Parameters"]["rds.force_ssl"] == parameters["Parameters"]["track_commit_timestamp"] == "1"
    assert not [each for each in properties("AWS::EC2::SecurityGroupIngress") if each.get("CidrIp") == "0.0.0.0/0"]


def test_security_groups_are_described_in_the_few_characters_that_ec2_takes() -> None:
    text = json.dumps(
        [each for kind in ("", "Ingress", "Egress") for each in properties(f"AWS::EC2::SecurityGroup{kind}")]
    )
    described = re.findall(r'"(?:Group)?Description": "([^"]*)"', text)

    assert described
    assert [each for each in described if not re.fullmatch(r"[A-Za-z0-9. _:/()#,@\[\]+=&;{}!$*-]{1,255}", each)] == []


def test_pollers_of_the_mapping_reach_the_brokers_in_their_own_group() -> None:
    """They have the security group of the cluster, which must let itself in."""
    rules = properties("AWS::EC2::SecurityGroupIngress")

    assert [each for each in rules if each["GroupId"] == each["SourceSecurityGroupId"] and each["FromPort"] == 9098]


def test_what_holds_data_outlives_its_stack_and_the_rest_does_not() -> None:
    kept = {
        name.rstrip("0123456789ABCDEF"): resource["DeletionPolicy"]
        for template in templates().values()
        for name, resource in template["Resources"].items()
        if resource.get("DeletionPolicy", "Delete") != "Delete"
    }

    assert kept == {"Key": "Retain", "Archive": "Retain", "Models": "Retain", "Postgres": "Snapshot"}


@pytest.mark.parametrize("family", containers())
def test_a_service_is_told_what_the_project_knows_and_holds_no_secret(family: str) -> None:
    container = containers()[family]
    told = {each["Name"] for each in container["Environment"]}
    secret = {each["Name"] for each in container.get("Secrets", [])}
    database = next(each["Value"] for each in container["Environment"] if each["Name"] == "DATABASE_URL")

    assert told - FOREIGN - AGREED <= variables().keys()
    assert secret - WITHIN_A_COMMAND <= variables().keys()
    assert not {name for name in told if re.search("PASSWORD|SECRET|TOKEN|ACCESS_KEY", name)}
    assert re.fullmatch(r"postgresql\+psycopg2://([a-z_]+)@[^:@]+:5432/fraudstream", database)
    assert database.split("//")[1].split("@")[0] in set(Role)


@pytest.mark.parametrize("family", containers())
def test_a_process_takes_what_it_is_told(family: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is told of a file of the image, which has no counterpart here."""
    bundle = tmp_path / "rds.pem"
    bundle.touch()
    for each in containers()[family]["Environment"]:
        monkeypatch.setenv(each["Name"], str(bundle) if each["Value"].endswith("/rds.pem") else each["Value"])

    assert KafkaSettings.load().kafka_sasl_mechanism == "AWS_MSK_IAM"
    assert "fraudstream_auth=iam" in DatabaseSettings.load().database_url.get_secret_value()
    if family == "fraudstream-migrations":
        administrator = ProvisioningSettings.load().database_admin_url.get_secret_value()
        assert "fraudstream_auth" not in administrator
        assert "sslmode=verify-full" in administrator


def test_retention_runs_once_a_day_and_waits_for_the_database() -> None:
    (rule,) = [each for each in properties("AWS::Events::Rule") if "ScheduleExpression" in each]
    (target,) = rule["Targets"]

    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", rule["ScheduleExpression"])
    assert rule["State"] == {"Fn::If": ["RetentionRuns", "ENABLED", "DISABLED"]}
    assert target["EcsParameters"]["TaskDefinitionArn"].startswith("Retention")
    assert target["EcsParameters"]["NetworkConfiguration"]["AwsVpcConfiguration"]["AssignPublicIp"] == "DISABLED"


def test_channels_are_served_only_where_one_is_named() -> None:
    (service,) = [each for each in properties("AWS::ECS::Service") if each["ServiceName"] == "alert-channels"]
    pattern = templates()["apps"]["Parameters"]["ChannelNames"]["AllowedPattern"]

    assert service["DesiredCount"] == {"Fn::If": ["ChannelsAreWanted", "1", 0]}
    assert [bool(re.fullmatch(pattern, named)) for named in ("", "webhook", "webhook,email", "sns")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert not [each for each in properties("AWS::CloudWatch::Alarm") if "ChannelsDown" in each["AlarmName"]]


def test_the_table_of_scores_is_the_one_that_the_projector_fills() -> None:
    (table,) = [each for each in properties("AWS::DynamoDB::Table") if each["TableName"] == "fraudstream-scores"]
    told = {each["Name"]: each["Value"] for each in containers()["fraudstream-dynamodb-projector"]["Environment"]}

    assert told["SCORES_TABLE"] == table["TableName"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": EXPIRY, "Enabled": True}
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]


@pytest.mark.parametrize("family", containers())
def test_a_container_is_nobody_and_writes_nowhere(family: str) -> None:
    container = containers()[family]

    assert container["User"] == "10001"
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert container["ReadonlyRootFilesystem"] is (family != "fraudstream-analyst-api")
    assert "/tmp" in {mount["ContainerPath"] for mount in container["MountPoints"]}  # noqa: S108


def test_a_service_is_healthy_by_the_same_word_as_in_compose() -> None:
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    checks = {each["HealthCheck"]["Command"][1] for each in containers().values() if "HealthCheck" in each}

    assert len(checks) == 2
    assert [check for check in checks if "/tmp/healthy" in check and check not in compose] == []  # noqa: S108


@pytest.mark.parametrize("family", containers())
def test_a_container_starts_what_is_in_the_image(family: str) -> None:
    container = containers()[family]
    words = " ".join([*container["EntryPoint"], *container["Command"]])

    assert all((ROOT / script).is_file() for script in re.findall(r"services/\S+\.py", words))
    assert "services/" in words or re.search("fraudstream (provision database|retain)", words)


def test_an_alarm_on_words_of_a_log_waits_for_words_that_are_said() -> None:
    patterns = [each["FilterPattern"] for each in properties("AWS::Logs::MetricFilter")]
    said = [re.findall(r'"([^"]+)"', pattern)[0] for pattern in patterns]

    assert len(said) == 4
    assert [words for words in said if words not in SOURCE] == []


def test_every_alarm_tells_the_operator() -> None:
    alarms = properties("AWS::CloudWatch::Alarm")
    metrics = {alarm["MetricName"] for alarm in alarms}

    assert all(alarm["AlarmActions"] == alarm["OKActions"] and alarm["AlarmActions"] for alarm in alarms)
    assert metrics >= {"SumOffsetLag", "EstimatedMaxTimeLag", "Errors", "BreakerOpen", "RunningTaskCount"}
    assert of_type("AWS::Budgets::Budget")


def test_everything_that_can_be_tagged_is() -> None:
    untagged = {
        name
        for kind in ("AWS::S3::Bucket", "AWS::RDS::DBInstance", "AWS::MSK::Cluster", "AWS::Lambda::Function",
                     "AWS::ECS::Service", "AWS::SQS::Queue", "AWS::EMRServerless::Application", "AWS::KMS::Key")
        for name, resource in of_type(kind).items()
        if "project" not in json.dumps(resource["Properties"].get("Tags", ""))
    }  # fmt: skip

    assert untagged == set()


LEAKS = re.compile(
    r"localhost|127\.0\.0\.1(?!:8090/health)|localstack|:4566|path.style|AWS_ENDPOINT|\btest\b|aws_access_key|AKIA",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_no_emulator_leaks_into_a_template(path: Any) -> None:  # noqa: ANN401 - a path
    assert LEAKS.findall(path.read_text("utf-8")) == []


def test_no_emulator_leaks_into_what_the_function_and_the_services_import() -> None:
    """The wheel holds this package; only what runs the embedded stack, or tells it from AWS, may know of one."""
    allowed = ("local/", "chaos/", "cloud/", "evaluation/", "provisioning/")
    leaks = re.compile(r"localstack|:4566|path.style|addressing_style|aws_access_key_id|endpoint_url=|AKIA")
    package = ROOT / "src" / "fraudstream"
    found = {
        path.relative_to(package).as_posix(): leaking
        for path in package.rglob("*.py")
        if not path.relative_to(package).as_posix().startswith(allowed)
        and (leaking := leaks.findall(path.read_text("utf-8")))
    }

    assert {name: set(words) for name, words in found.items()} == {}
