"""`ScoreTable` on DynamoDB: a score an item, a position an item, both in one transaction."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fraudstream.adapters.aws.calls import dynamodb_client, mapped
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.score_copies import CommittedScore, LogPlace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EXPIRY = "expires_at"
"""Attribute by which DynamoDB deletes an item, in seconds since 1970."""
REFUSED = "ConditionalCheckFailed"
NUMBERS = ("user_id", "offset", "slice_id", "catalogue_version", "merchant_id")
TEXTS = ("merchant_category", "location", "payment_method", "model_version", "channel", "currency")


class DynamoDbScoreTable:
    """See `ScoreTable`; `kept` is how many seconds after its payment a copy expires."""

    def __init__(self, table: str, *, kept: float, client: "DynamoDBClient | None" = None) -> None:
        self._table = table
        self._kept = kept
        self._client = client or dynamodb_client()

    def position(self, place: LogPlace) -> int:
        """See `ScoreTable.position`."""
        with mapped(f"DynamoDB table {self._table}"):
            answer = self._client.get_item(TableName=self._table, Key={"id": {"S": _key(place)}}, ConsistentRead=True)
        return int(answer["Item"]["next_offset"]["N"]) if "Item" in answer else 0

    def put(self, place: LogPlace, scores: Sequence[CommittedScore], *, first: int, end: int) -> bool:
        """See `ScoreTable.put`."""
        writes = [{"Put": {"TableName": self._table, "Item": self._item(place, score)}} for score in scores]
        actions: Any = [self._move(place, first, end), *writes]
        with mapped(f"DynamoDB table {self._table}"):
            try:
                self._client.transact_write_items(TransactItems=actions)
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = [reason.get("Code", "") for reason in error.response.get("CancellationReasons", [])]
                if REFUSED in reasons[:1]:
                    return False
                raise TemporarilyUnavailable(f"DynamoDB table {self._table}: {error}") from error
        return True

    def ensure(self) -> None:
        """Create the table if it is missing, and let its items expire; for emulators, on AWS the templates do this.

        Raises:
            ConfigurationError: we may not create it.
            TemporarilyUnavailable: the endpoint did not answer.
        """
        client, name = self._client, self._table
        with mapped(f"DynamoDB table {name}"):
            with suppress(client.exceptions.ResourceInUseException):
                client.create_table(
                    TableName=name,
                    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                    BillingMode="PAY_PER_REQUEST",
                )
            client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
            expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            if expiry.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
                client.update_time_to_live(
                    TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRY}
                )

    def _move(self, place: LogPlace, first: int, end: int) -> dict[str, Any]:
        """Move the position only from where it was read: of two projectors one is told that it came too late."""
        condition = "next_offset = :first" if first else "attribute_not_exists(id) OR next_offset = :first"
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"id": {"S": _key(place)}},
                "UpdateExpression": "SET next_offset = :end",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": {":first": {"N": str(first)}, ":end": {"N": str(end)}},
            }
        }

    def _item(self, place: LogPlace, score: CommittedScore) -> dict[str, Any]:
        """A float's shortest text: it reads back to the same bits."""
        item: dict[str, Any] = {
            "id": {"S": str(score.transaction_id)},
            "topic_id": {"S": place.topic_id},
            "partition": {"N": str(place.partition)},
            "event_time": {"S": score.event_time.isoformat()},
            "amount": {"N": repr(score.amount)},
            "score": {"N": repr(score.score)},
            "alert": {"BOOL": score.alert},
            EXPIRY: {"N": str(int(score.event_time.timestamp() + self._kept))},
        }
        for kind, names in (("N", NUMBERS), ("S", TEXTS)):
            values = {name: getattr(score, name) for name in names}
            item |= {name: {kind: str(value)} for name, value in values.items() if value is not None}
        return item


def _key(place: LogPlace) -> str:
    """No transaction's id looks like this."""
    return f"position#{place.topic_id}#{place.partition}"
