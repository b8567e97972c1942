"""One contract for `ScoreTable`, in memory, on moto and on the AWS endpoint of the tests."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence

import pytest
from moto import mock_aws

from fraudstream.adapters.aws.calls import dynamodb_client
from fraudstream.adapters.aws.score_table import DynamoDbScoreTable
from fraudstream.adapters.memory_score_copies import MemoryScoreTable
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.ports.score_copies import MOST_AT_ONCE, CommittedScore, LogPlace, ScoreTable

pytestmark = pytest.mark.ports

PLACE = LogPlace(str(uuid.UUID(int=1)), 0)
MOMENT = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
KEPT = 86_400.0
PATIENCE = 5
"""Tries of a table, each of which waits for some seconds."""


def a_score(offset: int, **changes: object) -> CommittedScore:
    values: dict[str, object] = {
        "transaction_id": uuid.UUID(int=1_000 + offset),
        "offset": offset,
        "user_id": 7,
        "event_time": MOMENT,
        "amount": 12.34,
        "merchant_category": "Travel",
        "location": "Miami",
        "payment_method": "PayPal",
        "score": 0.1 + 0.2,
        "alert": False,
        "slice_id": 3,
        "model_version": "1",
        "catalogue_version": 2,
    }
    return CommittedScore(**(values | changes))  # type: ignore[arg-type]


def scores(first: int, count: int) -> Sequence[CommittedScore]:
    return [a_score(offset) for offset in range(first, first + count)]


@pytest.fixture(params=["memory", "moto", "endpoint"])
def table(
    request: pytest.FixtureRequest, unique_name: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScoreTable]:
    if request.param == "memory":
        yield MemoryScoreTable()
    elif request.param == "endpoint":
        request.getfixturevalue("aws_environment")
        yield made(unique_name("scores"))
    else:
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        with mock_aws():
            yield made(unique_name("scores"))


def made(name: str) -> DynamoDbScoreTable:
    """An emulator may need longer than one call for its first table."""
    table = DynamoDbScoreTable(name, kept=KEPT)
    for patience in range(PATIENCE):
        try:
            table.ensure()
        except TemporarilyUnavailable:
            if patience == PATIENCE - 1:
                raise
        else:
            break
    table.ensure()
    return table


def held(table: ScoreTable) -> set[uuid.UUID]:
    """Ids of every copy."""
    if isinstance(table, MemoryScoreTable):
        return set(table.copies)
    assert isinstance(table, DynamoDbScoreTable)
    pages = table._client.get_paginator("scan").paginate(TableName=table._table)
    keys = [item["id"]["S"] for page in pages for item in page["Items"]]
    return {uuid.UUID(key) for key in keys if not key.startswith("position#")}


def test_a_partition_that_is_new_begins_at_zero(table: ScoreTable) -> None:
    assert table.position(PLACE) == 0


def test_scores_and_position_move_together(table: ScoreTable) -> None:
    assert table.put(PLACE, scores(0, MOST_AT_ONCE), first=0, end=120)
    assert table.put(PLACE, scores(120, 1), first=120, end=121)

    assert table.position(PLACE) == 121
    assert held(table) == {score.transaction_id for score in [*scores(0, MOST_AT_ONCE), *scores(120, 1)]}
    assert table.position(LogPlace(PLACE.topic_id, 1)) == 0


def test_who_comes_too_late_changes_nothing(table: ScoreTable) -> None:
    table.put(PLACE, scores(0, 2), first=0, end=2)

    assert not table.put(PLACE, scores(5, 3), first=0, end=8)
    assert not table.put(PLACE, scores(5, 3), first=1, end=8)
    assert table.position(PLACE) == 2
    assert len(held(table)) == 2


def test_offsets_without_scores_move_the_position_alone(table: ScoreTable) -> None:
    assert table.put(PLACE, [], first=0, end=4)
    assert (table.position(PLACE), held(table)) == (4, set())


def test_a_log_that_was_made_again_is_copied_beside_the_old_one(table: ScoreTable) -> None:
    table.put(PLACE, scores(0, 2), first=0, end=2)
    other = LogPlace(str(uuid.UUID(int=2)), 0)

    assert table.put(other, scores(0, 2), first=0, end=2)
    assert len(held(table)) == 2


def test_an_item_says_everything_to_the_last_bit_and_expires(
    aws_environment: object,  # noqa: ARG001 - it names the endpoint
    unique_name: Callable[[str], str],
) -> None:
    name = unique_name("scores")
    score = a_score(4, alert=True, merchant_id=9, channel="online", currency="USD", amount=0.1, score=1 / 3)
    made(name).put(PLACE, [score], first=0, end=5)

    item = dynamodb_client().get_item(TableName=name, Key={"id": {"S": str(score.transaction_id)}})["Item"]

    assert float(item["score"]["N"]) == 1 / 3
    assert float(item["amount"]["N"]) == 0.1
    assert (item["alert"]["BOOL"], item["merchant_id"]["N"], item["channel"]["S"]) == (True, "9", "online")
    assert (item["offset"]["N"], item["currency"]["S"], item["model_version"]["S"]) == ("4", "USD", "1")
    assert int(item["expires_at"]["N"]) == MOMENT.timestamp() + KEPT
    expiry = dynamodb_client().describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry["AttributeName"] == "expires_at"


def test_a_table_that_is_missing_is_named(aws_environment: object, unique_name: Callable[[str], str]) -> None:  # noqa: ARG001 - it names the endpoint
    name = unique_name("scores")

    with pytest.raises(ConfigurationError, match=name):
        DynamoDbScoreTable(name, kept=KEPT).position(PLACE)
    with pytest.raises(ConfigurationError, match=name):
        DynamoDbScoreTable(name, kept=KEPT).put(PLACE, scores(0, 1), first=0, end=1)
