"""A broker that isn't there is a temporary trouble, said in one sentence."""

import pytest

from fraudstream.adapters.kafka import admin as kafka_admin
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.settings import KafkaSettings


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
