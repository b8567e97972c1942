"""The same settings let Kafka's Java client in, which Spark reads the log with."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.servers.secured_broker import PASSWORD, SecuredBroker

from fraudstream.adapters.kafka import KafkaAdmin, java_options
from fraudstream.local.jars import KAFKA, SPARK_MSK, SPARK_S3, ensure_jars
from fraudstream.local.java import find_java
from fraudstream.scoring.job import Log
from fraudstream.settings import KafkaSettings, SecurityProtocol

pytestmark = pytest.mark.integration
TIMEOUT = 60
SCRAM = {"kafka_sasl_mechanism": "SCRAM-SHA-512", "kafka_sasl_username": "app", "kafka_sasl_password": PASSWORD}


def described_topics(broker: SecuredBroker, folder: Path, rights: Mapping[str, object]) -> str:
    """What Kafka's own command prints, as a client with these rights."""
    settings = KafkaSettings(
        kafka_bootstrap_servers=broker.address("SASL_SSL"),
        kafka_security_protocol=SecurityProtocol.SASL_SSL,
        kafka_ssl_ca_file=broker.authority.file,
        **rights,  # type: ignore[arg-type]
    )
    options = java_options(settings)
    configuration = folder / "client.properties"
    lines = [f"{name}={value}".replace("\\", "\\\\") for name, value in options.items()]
    configuration.write_text("\n".join(lines), encoding="utf-8")
    jars = [*ensure_jars(KAFKA), *ensure_jars(SPARK_S3), *ensure_jars(SPARK_MSK)]
    command = [str(find_java(os.environ).executable), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    command += ["-cp", os.pathsep.join(map(str, jars)), "kafka.admin.ConfigCommand", "--describe"]
    command += ["--entity-type", "topics"]
    command += ["--bootstrap-server", settings.kafka_bootstrap_servers, "--command-config", str(configuration)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def known_topic(secured_broker: SecuredBroker, topic: str) -> str:
    KafkaAdmin(KafkaSettings(kafka_bootstrap_servers=secured_broker.address("PLAINTEXT"))).ensure_topics({topic: 1}, 1)
    return topic


def test_with_a_password(secured_broker: SecuredBroker, known_topic: str, tmp_path: Path) -> None:
    assert known_topic in described_topics(secured_broker, tmp_path, SCRAM)


def test_by_iam_the_client_loads_amazons_module_and_asks_for_its_mechanism(
    secured_broker: SecuredBroker, tmp_path: Path
) -> None:
    """A broker that is not MSK's does not know it, which is as far as this can be proved here."""
    said = described_topics(secured_broker, tmp_path, {"kafka_sasl_mechanism": "AWS_MSK_IAM"})

    assert "Client SASL mechanism 'AWS_MSK_IAM' not enabled in the server" in said


def test_spark_gets_it_with_its_prefix_and_no_printed_log_shows_the_password(secured_broker: SecuredBroker) -> None:
    settings = KafkaSettings(
        kafka_bootstrap_servers=secured_broker.address("SASL_SSL"),
        kafka_security_protocol=SecurityProtocol.SASL_SSL,
        **SCRAM,  # type: ignore[arg-type]
    )
    log = Log(settings.kafka_bootstrap_servers, "payments", "{}", 10, java_options(settings))

    assert log.source()["kafka.security.protocol"] == "SASL_SSL"
    assert log.source()["kafka.sasl.jaas.config"].endswith('username="app" password="app \\"pass\\"\\\\word";')
    assert "pass" not in repr(log)
