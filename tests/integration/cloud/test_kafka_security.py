"""Every way to be let in by a broker, tried on a real one, and every way to be refused, told in one sentence."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stamina
from tests.integration.cloud.tokens import CountedTokens, token_endpoint, unsigned_token
from tests.servers.secured_broker import PASSWORD, SecuredBroker

from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer, connection
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.integration
SCRAM = {"kafka_sasl_mechanism": "SCRAM-SHA-512", "kafka_sasl_username": "app", "kafka_sasl_password": PASSWORD}
IAM = {"kafka_sasl_mechanism": "AWS_MSK_IAM"}
PATIENCE = 30.0
"""Seconds to wait for what must happen."""

Connect = Callable[..., KafkaSettings]


@pytest.fixture
def connect(secured_broker: SecuredBroker) -> Connect:
    def settings(protocol: str, **more: Any) -> KafkaSettings:  # noqa: ANN401 - values of settings
        ca_file = {"kafka_ssl_ca_file": secured_broker.authority.file} if protocol.endswith("SSL") else {}
        address = {"kafka_bootstrap_servers": secured_broker.address(protocol), "kafka_security_protocol": protocol}
        return KafkaSettings.model_validate({**address, **ca_file, **more})

    return settings


def round_trip(settings: KafkaSettings, topic: str) -> bytes | None:
    KafkaAdmin(settings).ensure_topics({topic: 1}, 1)
    producer, consumer = KafkaProducer(settings), KafkaConsumer(settings, topic, group=topic)
    producer.send(topic, key=None, value=b"a payment")
    assert producer.flush(PATIENCE) == 0
    records = consumer.consume(1, PATIENCE)
    consumer.close()
    return records[0].value if records else None


@pytest.mark.parametrize(
    ("protocol", "rights"),
    [
        ("SSL", {}),
        ("SASL_PLAINTEXT", SCRAM),
        ("SASL_SSL", SCRAM),
        ("SASL_SSL", SCRAM | {"kafka_sasl_mechanism": "SCRAM-SHA-256"}),
    ],
)
def test_whoever_is_known_writes_and_reads(
    connect: Connect, topic: str, protocol: str, rights: dict[str, object]
) -> None:
    assert round_trip(connect(protocol, **rights), topic) == b"a payment"


def test_a_client_id_and_secret_are_exchanged_for_a_token(connect: Connect, topic: str) -> None:
    with token_endpoint(client="app", secret=PASSWORD, subject="app") as endpoint:
        settings = connect(
            "SASL_SSL", **SCRAM | {"kafka_sasl_mechanism": "OAUTHBEARER", "kafka_oauth_token_url": endpoint.url}
        )

        assert round_trip(settings, topic) == b"a payment"


@pytest.mark.parametrize("kind", ["producer", "consumer", "admin"])
def test_an_idle_client_gets_a_new_token_before_the_old_one_expires(
    connect: Connect, topic: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody polls it meanwhile; the first token has expired when it is used again."""
    KafkaAdmin(connect("SSL")).ensure_topics({topic: 1}, 1)
    tokens = CountedTokens("app", life=6.0, awaited=2)
    monkeypatch.setattr(connection, "_msk_token", tokens)
    settings = connect("SASL_SSL", **IAM)
    client: KafkaProducer | KafkaConsumer | KafkaAdmin
    if kind == "producer":
        client = KafkaProducer(settings)
    elif kind == "consumer":
        client = KafkaConsumer(settings, topic, group=topic)
    else:
        client = KafkaAdmin(settings)
    other = KafkaProducer(connect("SSL"))
    use(client, topic, other)

    assert tokens.enough.wait(PATIENCE)

    # On a busy machine a token may expire between its making and its use; whoever uses it asks again.
    for attempt in stamina.retry_context(on=TemporarilyUnavailable, attempts=5, timeout=PATIENCE):
        with attempt:
            use(client, topic, other)
    if isinstance(client, KafkaConsumer):
        client.close()


def use(client: KafkaProducer | KafkaConsumer | KafkaAdmin, topic: str, other: KafkaProducer) -> None:
    if isinstance(client, KafkaProducer):
        client.send(topic, key=None, value=b"a payment")
        assert client.flush(PATIENCE) == 0
    elif isinstance(client, KafkaConsumer):
        other.send(topic, key=None, value=b"a payment")
        assert [record.value for record in client.consume(1, PATIENCE)] == [b"a payment"]
    else:
        assert client.describe(topic).topic == topic


def refusal(settings: KafkaSettings, topic: str) -> str:
    """What an administrator, a consumer and a producer say, which must be the same but for what they wanted."""
    with pytest.raises(ConfigurationError) as told:
        KafkaAdmin(settings).describe(topic)
    for use in (_consume, _produce):
        with pytest.raises(ConfigurationError, match=re.escape(str(told.value).rsplit(". ", 1)[-1])):
            use(settings, topic)
    return str(told.value)


def _consume(settings: KafkaSettings, topic: str) -> None:
    consumer = KafkaConsumer(settings, topic, group=topic)
    try:
        for _ in range(int(PATIENCE)):
            consumer.consume(1, 1.0)
    finally:
        consumer.close()


def _produce(settings: KafkaSettings, topic: str) -> None:
    producer = KafkaProducer(settings)
    producer.send(topic, key=None, value=b"a payment")
    producer.flush(PATIENCE)


def test_a_wrong_password_is_told_with_call_principal_and_next_step(connect: Connect, topic: str) -> None:
    said = refusal(connect("SASL_SSL", **SCRAM | {"kafka_sasl_password": "wrong"}), topic)

    assert f"does not let in app (SASL_SSL/SCRAM-SHA-512) for describing topic {topic}" in said
    assert said.endswith("Look at KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD")
    assert "wrong" not in said


def test_an_unknown_authority_is_told(connect: Connect, topic: str, other_authority: Path) -> None:
    said = refusal(connect("SSL", kafka_ssl_ca_file=other_authority), topic)

    assert "certificate" in said
    assert "Look at KAFKA_SSL_CA_FILE" in said


def test_the_wrong_port_is_told(connect: Connect, secured_broker: SecuredBroker, topic: str) -> None:
    elsewhere = {"kafka_bootstrap_servers": secured_broker.address("PLAINTEXT")}

    said = refusal(connect("SSL").model_copy(update=elsewhere), topic)

    assert said.endswith("Look at KAFKA_SECURITY_PROTOCOL and the port: each protocol has its own")


def test_a_token_that_the_broker_does_not_take_is_told(
    connect: Connect, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it is valid for long, and has expired."""
    stale, _ = unsigned_token("app", -60.0)
    _, later = unsigned_token("app", 600.0)
    monkeypatch.setattr(connection, "_msk_token", lambda: (stale, later))

    said = refusal(connect("SASL_SSL", **IAM), topic)

    assert "the AWS identity of this process (SASL_SSL/AWS_MSK_IAM)" in said
    assert "kafka-cluster:Connect" in said


def test_a_token_that_cannot_be_signed_is_told_at_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))

    with pytest.raises(ConfigurationError, match=r"signing a token for Kafka .*no credentials; set"):
        KafkaProducer(connect("SASL_SSL", **IAM))


def test_whoever_may_not_do_something_is_told_what(connect: Connect, topic: str) -> None:
    KafkaAdmin(connect("SSL")).ensure_topics({topic: 1}, 1)
    guest = connect("SASL_SSL", **SCRAM | {"kafka_sasl_username": "guest"})

    with pytest.raises(ConfigurationError, match=rf"does not allow guest to describe topic {topic}: .*ACL"):
        KafkaAdmin(guest).describe(topic)
    with pytest.raises(ConfigurationError, match=r"does not allow guest to create topic new: .*ACL"):
        KafkaAdmin(guest).ensure_topics({"new": 1}, 1)
    with pytest.raises(ConfigurationError, match=r"does not allow guest to read topic .*ACL"):
        _consume(guest, topic)
    with pytest.raises(ConfigurationError, match=rf"does not allow guest to write to topic {topic}: .*ACL"):
        _write_until_told(guest, topic)


def _write_until_told(settings: KafkaSettings, topic: str) -> None:
    producer = KafkaProducer(settings)
    producer.send(topic, key=None, value=b"a payment")
    producer.flush(PATIENCE)
    producer.poll()


def test_more_copies_than_brokers_are_told(connect: Connect, topic: str) -> None:
    with pytest.raises(ConfigurationError, match="KAFKA_REPLICATION_FACTOR must not be larger"):
        KafkaAdmin(connect("SSL")).ensure_topics({topic: 1}, 3)
