"""Whatever stands in for SNS while it is away says nothing about the message; SNS itself may say something of each."""

import pytest
from tests.unit.adapters.aws.gateway import Gateway
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.alerting.message import notification_of
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable

TOPIC = "arn:aws:sns:us-east-1:000000000000:alerts"
ANSWER = """<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>
<Successful><member><Id>1</Id><MessageId>message-1</MessageId></member></Successful>
<Failed>{}</Failed></PublishBatchResult></PublishBatchResponse>"""
FAILED = "<member><Id>{}</Id><Code>{}</Code><Message>no</Message><SenderFault>true</SenderFault></member>"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"Bad Gateway"),
        (404, b"no such page"),
        (400, b"{}"),
        (500, b'{"error": true}'),
        (200, b"hello"),
        (200, b""),
    ],
)
def test_a_gateway_that_answers_for_sns_is_an_outage(gateway: Gateway, status: int, body: bytes) -> None:
    gateway.says = status, body

    with pytest.raises(TemporarilyUnavailable, match=f"SNS topic {TOPIC} did not answer"):
        SnsNotifier(TOPIC).publish(notification_of(an_alert()))
    with pytest.raises(TemporarilyUnavailable, match=f"SNS topic {TOPIC} did not answer"):
        SnsNotifier(TOPIC).publish_all([notification_of(an_alert())])


def test_sns_answers_for_each_of_those_it_was_given_together(gateway: Gateway) -> None:
    """The last of them it says nothing about."""
    codes = {0: "InvalidParameter", 2: "InternalError", 3: "AuthorizationError"}
    members = "".join(FAILED.format(number, code) for number, code in codes.items())
    gateway.says = 200, ANSWER.format(members).encode()

    outcomes = SnsNotifier(TOPIC).publish_all([notification_of(an_alert(number)) for number in range(5)])

    assert outcomes[1] == "message-1"
    kinds = [MalformedEvent, str, TemporarilyUnavailable, ConfigurationError, TemporarilyUnavailable]
    assert [type(outcome) for outcome in outcomes] == kinds
    assert [f"SNS topic {TOPIC}: no ({code})" in str(outcomes[number]) for number, code in codes.items()] == [True] * 3


def test_too_much_for_one_call_is_no_outage(gateway: Gateway) -> None:
    error = "<Type>Sender</Type><Code>BatchRequestTooLong</Code><Message>too long</Message>"
    gateway.says = 400, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode()

    with pytest.raises(MalformedEvent, match="too long"):
        SnsNotifier(TOPIC).publish_all([notification_of(an_alert(number)) for number in range(2)])
