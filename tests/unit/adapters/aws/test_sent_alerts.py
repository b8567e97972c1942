"""What a table under load leaves unwritten is written again, and no more often than a function has time for."""

import json
import uuid

import pytest
from tests.unit.adapters.aws.gateway import Gateway

from fraudstream.adapters.aws import sent_alerts
from fraudstream.adapters.aws.sent_alerts import DynamoDbSentAlerts
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.ports.sent_alerts import AlertInProgress

ALERT = uuid.UUID(int=1)
LEFT = [{"DeleteRequest": {"Key": {"id": {"S": "alert#1"}}}}]
UNWRITTEN = 200, json.dumps({"UnprocessedItems": {"sent": LEFT}}).encode()


@pytest.fixture
def sent(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> DynamoDbSentAlerts:
    gateway.says = 200, b"{}"
    monkeypatch.setattr(sent_alerts, "PAUSES", (0.0, 0.0, 0.0))
    return DynamoDbSentAlerts("sent")


def test_what_was_left_unwritten_is_written_again(sent: DynamoDbSentAlerts, gateway: Gateway) -> None:
    gateway.first = [UNWRITTEN, UNWRITTEN]

    sent.release({ALERT, uuid.UUID(int=2)})

    assert [len(json.loads(body)["RequestItems"]["sent"]) for body in gateway.asked] == [2, 1, 1]


def test_what_stays_unwritten_is_an_outage(sent: DynamoDbSentAlerts, gateway: Gateway) -> None:
    gateway.says = UNWRITTEN

    with pytest.raises(TemporarilyUnavailable, match="DynamoDB table sent left 1 of 1 alerts unwritten"):
        sent.settle({ALERT: "message-1"})


def test_a_claim_that_is_refused_without_a_word_belongs_to_somebody(sent: DynamoDbSentAlerts, gateway: Gateway) -> None:
    gateway.says = 400, b'{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}'

    with pytest.raises(AlertInProgress):
        sent.claim(ALERT, 30.0)


def test_a_table_that_is_away_is_an_outage(sent: DynamoDbSentAlerts, gateway: Gateway) -> None:
    gateway.says = 502, b"Bad Gateway"

    with pytest.raises(TemporarilyUnavailable, match="DynamoDB table sent"):
        sent.claim(ALERT, 30.0)


def test_a_table_with_another_key_is_a_matter_of_configuration(sent: DynamoDbSentAlerts, gateway: Gateway) -> None:
    """Else alerts would be put aside one by one, as if something were wrong with them."""
    gateway.says = 400, b'{"__type": "com.amazon.coral.validate#ValidationException", "message": "Missing the key"}'

    with pytest.raises(ConfigurationError, match=r"Missing the key.*Is its key `id`"):
        sent.claim(ALERT, 30.0)
    with pytest.raises(ConfigurationError, match="Missing the key"):
        sent.release({ALERT})
