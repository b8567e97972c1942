"""A broker that isn't there is a temporary trouble, said in one sentence."""

import pytest
from confluent_kafka import KafkaError
from pydantic import SecretStr

from fraudstream.adapters.kafka import admin as kafka_admin
from fraudstream.adapters.kafka.connection import MOST_HANG_UPS, Refusals
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.settings import KafkaSettings, SaslMechanism, SecurityProtocol


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> kafka_admin.KafkaAdmin:
    monkeypatch.setattr(kafka_admin, "REQUEST_TIMEOUT", 1.0)
    return kafka_admin.KafkaAdmin(KafkaSettings(kafka_bootstrap_servers="127.0.0.1:1"))


def test_describing_names_the_silent_broker(admin: kafka_admin.KafkaAdmin) -> None:
    with pytest.raises(TemporarilyUnavailable, match=r"no broker at 127\.0\.0\.1:1 answered"):
        admin.describe("payments")


def test_creating_names_the_silent_broker(admin: kafka_admin.KafkaAdmin) -> None:
    with pytest.raises(TemporarilyUnavailable, match=r"no broker at 127\.0\.0\.1:1 answered"):
        admin.ensure_topics({"payments": 1}, 1)


@pytest.mark.parametrize(
    "said",
    [
        "SASL SCRAM-SHA-512 mechanism handshake failed: Local: Broker transport failure: and so on",
        "SASL OAUTHBEARER mechanism handshake failed: Broker: Request not valid in current SASL state: and so on",
    ],
)
def test_a_sign_in_that_is_broken_off_has_not_been_refused_yet(said: str) -> None:
    settings = KafkaSettings(
        kafka_bootstrap_servers="127.0.0.1:1",
        kafka_security_protocol=SecurityProtocol.SASL_PLAINTEXT,
        kafka_sasl_mechanism=SaslMechanism.SCRAM_SHA_512,
        kafka_sasl_username="app",
        kafka_sasl_password=SecretStr("not shown"),
    )
    hung_up = KafkaError(KafkaError._AUTHENTICATION, said)
    refusals = Refusals(settings, "describing topic payments")
    for _ in range(MOST_HANG_UPS - 1):
        refusals._hear(hung_up)
        refusals.check()
    refusals._hear(hung_up)
    with pytest.raises(ConfigurationError, match="does not let in"):
        refusals.check()

    refusals.passed()
    refusals._hear(hung_up)
    refusals.check()
