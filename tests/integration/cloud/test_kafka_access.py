"""A broker with names and rights: each process may do its own work alone, and whoever is nameless nothing."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from tests.servers.secured_broker import PASSWORD, SecuredBroker

from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer
from fraudstream.adapters.kafka.access import PRINCIPALS
from fraudstream.contracts.topics import ALERTS, LABELS, QUARANTINE, TOPICS, TRANSACTIONS
from fraudstream.errors import ConfigurationError, FraudstreamError
from fraudstream.provisioning.kafka_access import provision_kafka_access
from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.integration
PATIENCE = 30.0

As = Callable[[str], KafkaSettings]


@pytest.fixture(scope="module")
def known(secured_broker: SecuredBroker, tmp_path_factory: pytest.TempPathFactory) -> As:
    """Settings of a principal, after everybody was given a name."""
    folder = tmp_path_factory.mktemp("principals")

    def settings(name: str) -> KafkaSettings:
        own = folder / name / "kafka-password"
        return KafkaSettings.model_validate(
            {
                "kafka_bootstrap_servers": secured_broker.address("SASL_SSL"),
                "kafka_security_protocol": "SASL_SSL",
                "kafka_ssl_ca_file": secured_broker.authority.file,
                "kafka_sasl_mechanism": "SCRAM-SHA-512",
                "kafka_sasl_username": name,
                "kafka_sasl_password": own.read_text() if own.exists() else PASSWORD,
            }
        )

    KafkaAdmin(settings("app")).ensure_topics({spec.name: 1 for spec in TOPICS}, 1)
    with pytest.MonkeyPatch.context() as environment:
        administrator = settings("app")
        for name, value in administrator.model_dump(mode="python").items():
            if value is not None:
                shown = value.get_secret_value() if hasattr(value, "get_secret_value") else value
                environment.setenv(name.upper(), str(shown))
        first = provision_kafka_access(folder)
        assert provision_kafka_access(folder) == first
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*/kafka-password")} == {0o600}
    assert {path.parent.name for path in folder.glob("*/kafka-password")} == PRINCIPALS.keys()
    return settings


def write(settings: KafkaSettings, topic: str) -> None:
    producer = KafkaProducer(settings)
    producer.send(topic, key=None, value=b"a payment")
    producer.flush(PATIENCE)
    producer.poll()


def read(settings: KafkaSettings, topic: str) -> list[bytes | None]:
    admin = KafkaAdmin(settings)
    first, end = admin.describe(topic).bounds[0]
    return [record.value for record in admin.read(topic, 0, first, end)]


def consume(settings: KafkaSettings, topic: str, group: str) -> list[bytes | None]:
    consumer = KafkaConsumer(settings, topic, group=group)
    try:
        for _ in range(int(PATIENCE)):
            if records := consumer.consume(1, 1.0):
                return [record.value for record in records]
    finally:
        consumer.close()
    return []


def test_each_does_its_own_work(known: As) -> None:
    write(known("producer"), TRANSACTIONS)
    write(known("alert-relay"), ALERTS)

    assert read(known("scorer"), TRANSACTIONS) == [b"a payment"]
    assert read(known("verify"), ALERTS) == [b"a payment"]
    assert KafkaAdmin(known("retention")).kept(TRANSACTIONS) is None
    assert consume(known("lambda-trigger"), ALERTS, "fraudstream-alert-lambda") == [b"a payment"]


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("scorer", TRANSACTIONS),
        ("scorer", ALERTS),
        ("archiver", TRANSACTIONS),
        ("verify", LABELS),
        ("retention", TRANSACTIONS),
        ("alert-relay", TRANSACTIONS),
        ("producer", ALERTS),
        ("label-applier", LABELS),
    ],
)
def test_nobody_writes_what_is_not_theirs(known: As, name: str, topic: str) -> None:
    """Whoever may write nowhere gets no producer id, and the client may lose the broker's reason."""
    before = read(known("verify"), topic)

    refused = rf"does not allow {name} to write to (topic {topic}|any topic)|the producer gave up"
    with pytest.raises(FraudstreamError, match=refused):
        write(known(name), topic)
    assert read(known("verify"), topic) == before


@pytest.mark.parametrize(("name", "topic"), [("scorer", LABELS), ("alert-relay", QUARANTINE), ("producer", ALERTS)])
def test_nobody_reads_what_is_not_theirs(known: As, name: str, topic: str) -> None:
    with pytest.raises(ConfigurationError, match=f"does not allow {name} to read"):
        consume(known(name), topic, "fraudstream-reader")


def test_nobody_makes_topics_or_joins_anothers_group(known: As) -> None:
    with pytest.raises(ConfigurationError, match="does not allow scorer to create topic more"):
        KafkaAdmin(known("scorer")).ensure_topics({"more": 1}, 1)
    with pytest.raises(ConfigurationError, match="does not allow verify to"):
        consume(known("verify"), ALERTS, "fraudstream-alert-lambda")


def test_whoever_has_no_name_gets_no_answer(known: As) -> None:
    options = {
        "bootstrap.servers": known("scorer").kafka_bootstrap_servers,
        "security.protocol": "SSL",
        "ssl.ca.location": str(known("scorer").kafka_ssl_ca_file),
        "log_level": 2,
    }
    with pytest.raises(KafkaException, match=r"_TRANSPORT|_TIMED_OUT"):
        Consumer(options | {"group.id": "nameless"}).list_topics(TRANSACTIONS, timeout=2.0)
    producer = Producer(options)
    producer.produce(TRANSACTIONS, b"a payment")
    assert producer.flush(2.0) == 1
    producer.purge()
    producer.flush(2.0)


def test_whoever_has_anothers_password_is_not_let_in(known: As) -> None:
    guessing = known("scorer").model_copy(update={"kafka_sasl_password": known("producer").kafka_sasl_password})

    with pytest.raises(ConfigurationError, match=r"does not let in scorer"):
        KafkaAdmin(guessing).describe(TRANSACTIONS)
    with pytest.raises(ConfigurationError, match=r"does not let in scorer"):
        write(guessing, TRANSACTIONS)


def test_an_administrator_without_power_is_told(known: As, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = known("producer")
    monkeypatch.setattr(KafkaSettings, "load", lambda: settings)

    with pytest.raises(ConfigurationError, match=r"must be one of its super\.users"):
        provision_kafka_access(tmp_path)
