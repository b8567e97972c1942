"""One contract for `SentAlerts`, in memory and on DynamoDB."""

import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import pytest
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from fraudstream.adapters.aws.calls import dynamodb_client
from fraudstream.adapters.aws.resources import ensure_alerting_resources
from fraudstream.adapters.aws.sent_alerts import DynamoDbSentAlerts
from fraudstream.adapters.memory_delivery import InProcessContext, MemorySentAlerts
from fraudstream.errors import ConfigurationError
from fraudstream.ports.sent_alerts import REMEMBERED_SECONDS, AlertInProgress, SentAlerts
from fraudstream.settings import AlertingSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

pytestmark = pytest.mark.ports

ALERTS = [uuid.UUID(int=number) for number in range(1, 61)]
FIRST, SECOND = ALERTS[:2]
PATIENCE = 30.0


@pytest.fixture
def table(request: pytest.FixtureRequest, unique_name: Callable[[str], str]) -> str:
    request.getfixturevalue("aws_environment")
    made = ensure_alerting_resources(
        AlertingSettings(idempotency_table=unique_name("sent")), topic=unique_name("alerts"), queue=unique_name("inbox")
    )
    return made.idempotency_table


@pytest.fixture(params=["memory", "aws"])
def sent(request: pytest.FixtureRequest) -> SentAlerts:
    if request.param == "memory":
        return MemorySentAlerts()
    return DynamoDbSentAlerts(request.getfixturevalue("table"))


def test_a_new_alert_is_whoevers_claims_it(sent: SentAlerts) -> None:
    assert sent.claim(FIRST, 30.0) is None
    assert sent.claim(SECOND, 30.0) is None


def test_a_claimed_alert_is_nobody_elses(sent: SentAlerts) -> None:
    sent.claim(FIRST, 30.0)

    with pytest.raises(AlertInProgress, match=f"{FIRST} is already in progress"):
        sent.claim(FIRST, 30.0)


def test_a_settled_alert_keeps_its_message_id(sent: SentAlerts) -> None:
    sent.claim(FIRST, 30.0)
    sent.settle({FIRST: "message-1"})

    assert [sent.claim(FIRST, 30.0) for _ in range(2)] == ["message-1"] * 2
    assert sent.claim(SECOND, 30.0) is None


def test_more_are_settled_and_released_than_fit_into_one_call(sent: SentAlerts) -> None:
    for alert in ALERTS:
        sent.claim(alert, 30.0)

    sent.settle({alert: f"message-{alert.int}" for alert in ALERTS[:30]})
    sent.release(set(ALERTS[30:]))

    assert [sent.claim(alert, 30.0) for alert in ALERTS] == [f"message-{n}" for n in range(1, 31)] + [None] * 30


def test_a_released_alert_may_be_claimed_again(sent: SentAlerts) -> None:
    sent.claim(FIRST, 30.0)
    sent.release({FIRST, SECOND})

    assert sent.claim(FIRST, 30.0) is None


def test_nothing_is_settled_and_released_without_a_word(sent: SentAlerts) -> None:
    sent.settle({})
    sent.release(set())


def test_an_alert_whose_publisher_died_may_be_claimed_once_its_time_is_over(sent: SentAlerts) -> None:
    sent.claim(FIRST, 0.05)

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            assert sent.claim(FIRST, 30.0) is None
        except AlertInProgress:
            assert time.monotonic() < deadline
        else:
            return


def test_a_table_that_is_not_there_is_a_matter_of_configuration(table: str) -> None:
    sent = DynamoDbSentAlerts(f"{table}-missing")

    with pytest.raises(ConfigurationError, match=f"DynamoDB table {table}-missing"):
        sent.claim(FIRST, 30.0)
    with pytest.raises(ConfigurationError, match=f"DynamoDB table {table}-missing"):
        sent.settle({FIRST: "message-1"})


def test_an_entry_expires_after_its_time(table: str) -> None:
    sent = DynamoDbSentAlerts(table)
    sent.claim(FIRST, 30.0)
    sent.settle({FIRST: "message-1"})

    (item,) = dynamodb_client().scan(TableName=table)["Items"]

    assert abs(int(item["expiration"]["N"]) - time.time() - REMEMBERED_SECONDS) < PATIENCE


def test_what_powertools_remembered_is_still_known(table: str) -> None:
    """Tables filled before hold entries of its idempotency."""

    def publish(*, alert_id: str) -> str:  # noqa: ARG001
        return "message-1"

    config = IdempotencyConfig(hash_function="sha256")
    config.register_lambda_context(cast("LambdaContext", InProcessContext(time.monotonic() + 30.0)))
    idempotent_function(
        publish,
        data_keyword_argument="alert_id",
        config=config,
        persistence_store=DynamoDBPersistenceLayer(table, boto3_client=dynamodb_client()),
        key_prefix="alert",
    )(alert_id=str(FIRST))

    assert DynamoDbSentAlerts(table).claim(FIRST, 30.0) == "message-1"
