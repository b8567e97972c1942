"""`SentAlerts` on DynamoDB: a conditional write for each alert that is begun, one write for all that are done.

Keys and attributes are those of Powertools' idempotency, which remembered alerts here before.
"""

import hashlib
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fraudstream.adapters.aws.calls import dynamodb_client, mapped
from fraudstream.adapters.aws.refusals import code_of
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.sent_alerts import REMEMBERED_SECONDS, AlertInProgress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, WriteRequestTypeDef, WriteRequestUnionTypeDef

UNKNOWN = "attribute_not_exists(#id)"
FORGOTTEN = "#expiration < :now"
ABANDONED = "(#status = :begun AND #begun_until < :now_ms)"
NAMES = {
    "#id": "id",
    "#expiration": "expiration",
    "#status": "status",
    "#begun_until": "in_progress_expiration",
}
BEGUN = "INPROGRESS"
DONE = "COMPLETED"
MOST_WRITES = 25
"""Items that one call may write; DynamoDB takes no more."""
PAUSES = (0.0, 0.1, 0.4)
"""Seconds before each try of what a table under load has left unwritten."""


class DynamoDbSentAlerts:
    """See `SentAlerts`."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._client = dynamodb_client()

    def claim(self, alert_id: uuid.UUID, seconds: float) -> str | None:
        """See `SentAlerts.claim`."""
        now = time.time()
        with self._asked():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=_entry(alert_id, now, BEGUN) | {"in_progress_expiration": _ms(now + seconds)},
                    ConditionExpression=f"{UNKNOWN} OR {FORGOTTEN} OR {ABANDONED}",
                    ExpressionAttributeNames=NAMES,
                    ExpressionAttributeValues={
                        ":now": {"N": str(int(now))},
                        ":now_ms": _ms(now),
                        ":begun": {"S": BEGUN},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return _published(alert_id, error.response.get("Item", {}))
        return None

    def settle(self, published: Mapping[uuid.UUID, str]) -> None:
        """See `SentAlerts.settle`."""
        now = time.time()
        self._write(
            [
                {"PutRequest": {"Item": _entry(alert_id, now, DONE) | {"data": {"S": json.dumps(message_id)}}}}
                for alert_id, message_id in published.items()
            ]
        )

    def release(self, alert_ids: AbstractSet[uuid.UUID]) -> None:
        """See `SentAlerts.release`."""
        self._write([{"DeleteRequest": {"Key": _key(alert_id)}} for alert_id in alert_ids])

    def _write(self, requests: "Sequence[WriteRequestTypeDef]") -> None:
        for first in range(0, len(requests), MOST_WRITES):
            self._write_at_once(requests[first : first + MOST_WRITES])

    def _write_at_once(self, requests: "Sequence[WriteRequestTypeDef]") -> None:
        left: Sequence[WriteRequestUnionTypeDef] = requests
        for pause in PAUSES:
            time.sleep(pause)
            with self._asked():
                answer = self._client.batch_write_item(RequestItems={self._table: left})
            left = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not left:
                return
        raise TemporarilyUnavailable(f"{self._place} left {len(left)} of {len(requests)} alerts unwritten")

    @property
    def _place(self) -> str:
        return f"DynamoDB table {self._table}"

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """As `mapped`; but what this table refuses is the table's fault, and no alert's."""
        try:
            with mapped(self._place):
                yield
        except MalformedEvent as error:
            raise ConfigurationError(f"{error}. Is its key `id`, a string?") from error


def _key(alert_id: uuid.UUID) -> "dict[str, AttributeValueTypeDef]":
    return {"id": {"S": "alert#" + hashlib.sha256(json.dumps(str(alert_id)).encode()).hexdigest()}}


def _entry(alert_id: uuid.UUID, now: float, status: str) -> "dict[str, AttributeValueTypeDef]":
    return _key(alert_id) | {"status": {"S": status}, "expiration": {"N": str(int(now) + REMEMBERED_SECONDS)}}


def _ms(moment: float) -> "AttributeValueTypeDef":
    return {"N": str(int(moment * 1_000))}


def _published(alert_id: uuid.UUID, entry: Any) -> str:  # noqa: ANN401 - the SDK does not know that it is there
    """The message id in an entry that stood in the way of a claim."""
    if entry.get("status") != {"S": DONE}:
        raise AlertInProgress(f"alert {alert_id} is already in progress")
    return str(json.loads(entry["data"]["S"]))
