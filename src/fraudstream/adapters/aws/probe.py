"""Every call that this project makes to AWS, each tried once on resources of its own, which are removed afterwards."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from fraudstream.adapters.aws import calls
from fraudstream.adapters.aws.bucket import NOT_SUPPORTED, ensure_bucket
from fraudstream.adapters.aws.refusals import ABSENT, code_of
from fraudstream.adapters.aws.resources import AwsResources, ResourceNames
from fraudstream.errors import FraudstreamError, TemporarilyUnavailable

TROUBLE = (ClientError, BotoCoreError, ResponseParserError, FraudstreamError, KeyError)
TRIES = 3
WAIT = 3
"""Seconds to wait for a message: as long as a client of ours ever does."""
CONTENT = b"fraudstream probe"
WRONG_DIGEST = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
"""SHA-256 of nothing, in base64."""
CONDITION_FAILED = frozenset({"PreconditionFailed", "412", "ConditionalCheckFailedException"})


class Verdict(StrEnum):
    """What came of a call."""

    OK = "ok"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Probed:
    """One call, with what came of it and why it is not what AWS does."""

    call: str
    verdict: Verdict
    why: str = ""


class Probe:
    """Tries the calls, in an order in which each finds what it needs."""

    def __init__(self) -> None:
        self._name = f"fraudstream-probe-{uuid.uuid4().hex[:12]}"
        self._s3, self._sns, self._sqs = calls.s3_client(), calls.sns_client(), calls.sqs_client()
        self._dynamodb, self._lambda = calls.dynamodb_client(), calls.lambda_client(calls.READ_TIMEOUT)
        names = ResourceNames(table=self._name, topic=self._name, queue=self._name, buckets=(self._name,))
        self._resources, self._names = AwsResources(names), names
        self._topic_arn = self._queue_url = ""

    def run(self) -> Iterator[Probed]:
        """What came of each call, as it comes; afterwards nothing is left."""
        with ExitStack() as stack:
            stack.callback(self._remove)
            for call, attempt in self._attempts():
                why = _patiently(attempt)
                yield Probed(call, Verdict.DIFFERENT if why else Verdict.OK, why or "")

    def _attempts(self) -> Iterator[tuple[str, Callable[[], str | None]]]:
        """Each call with an attempt at it, which returns why it is different, if it is."""
        yield "sts:GetCallerIdentity", self._identity
        yield "s3:CreateBucket", lambda: ensure_bucket(self._name, self._s3)
        yield "s3:PutPublicAccessBlock", self._close
        yield "s3:PutObject with a digest", self._put
        yield "s3:PutObject with a wrong digest is refused", self._put_wrongly
        yield "s3:GetObject", self._get
        yield "s3:HeadObject of what is not there", self._absent
        yield "s3:PutObject with If-None-Match over an object is refused", self._put_again
        yield "s3:PutObject with If-Match of another version is refused", self._replace
        yield "s3:ListObjectsV2", self._list
        yield "sns, sqs, dynamodb: create topic, queues, subscription, table", self._ensure
        yield "sns, sqs, dynamodb: all of it is found again", self._find
        yield "sns:Publish with a text for each protocol, and attributes", self._publish
        yield "sqs:ReceiveMessage gets it raw, sqs:DeleteMessageBatch", self._receive
        yield "sqs:GetQueueAttributes counts", self._count
        yield "dynamodb:PutItem with a condition that fails is refused", self._condition
        yield "dynamodb:UpdateItem, GetItem, DeleteItem", self._items
        yield "lambda:Invoke of no function is refused", self._invoke

    def _identity(self) -> str | None:
        answer = calls.sts_client().get_caller_identity()
        return None if str(answer["Arn"]).startswith("arn:aws") else f"the ARN is {answer['Arn']}"

    def _close(self) -> str | None:
        try:
            found = self._s3.get_public_access_block(Bucket=self._name)["PublicAccessBlockConfiguration"]
        except ClientError as error:
            if code_of(error) in NOT_SUPPORTED:
                return f"{code_of(error)}: it can't be closed, which only matters where somebody else gets in"
            raise
        return None if all(found.values()) else f"not all is blocked: {found}"

    def _put(self) -> None:
        self._s3.put_object(Bucket=self._name, Key="object", Body=CONTENT, ChecksumAlgorithm="SHA256")

    def _put_wrongly(self) -> str | None:
        return _refused(
            lambda: self._s3.put_object(Bucket=self._name, Key="wrong", Body=CONTENT, ChecksumSHA256=WRONG_DIGEST),
            "took an object whose digest is another",
        )

    def _get(self) -> str | None:
        found = self._s3.get_object(Bucket=self._name, Key="object")["Body"].read()
        return None if found == CONTENT else f"gave {found[:40]!r}"

    def _absent(self) -> str | None:
        return _refused(
            lambda: self._s3.head_object(Bucket=self._name, Key="nothing"), "knows an object that is not there", ABSENT
        )

    def _put_again(self) -> str | None:
        return _refused(
            lambda: self._s3.put_object(Bucket=self._name, Key="object", Body=b"", IfNoneMatch="*"),
            "overwrote an object: two archivers could undo each other's manifest",
            CONDITION_FAILED,
        )

    def _replace(self) -> str | None:
        return _refused(
            lambda: self._s3.put_object(Bucket=self._name, Key="object", Body=b"", IfMatch='"0123456789abcdef"'),
            "overwrote another version: two archivers could undo each other's manifest",
            CONDITION_FAILED,
        )

    def _list(self) -> str | None:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix="obj")
        found = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return None if found == ["object"] else f"listed {found}"

    def _ensure(self) -> str | None:
        first = self._resources.ensure()
        self._topic_arn, self._queue_url = first.topic_arn, first.queue_url
        return None if self._resources.ensure() == first else "asked again, it made others"

    def _find(self) -> str | None:
        missing = self._resources.missing()
        return f"does not list {', '.join(missing)}" if missing else None

    def _publish(self) -> None:
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject="probe",
            Message=json.dumps({"default": "for people", "sqs": CONTENT.decode()}),
            MessageStructure="json",
            MessageAttributes={"score": {"DataType": "Number", "StringValue": "0.5"}},
        )

    def _receive(self) -> str | None:
        answer = self._sqs.receive_message(QueueUrl=self._queue_url, WaitTimeSeconds=WAIT, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        if [message["Body"] for message in messages] != [CONTENT.decode()]:
            return f"the queue got {[message['Body'][:60] for message in messages]}"
        entries: Any = [{"Id": "0", "ReceiptHandle": messages[0]["ReceiptHandle"]}]
        deleted = self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
        return f"kept it: {deleted['Failed']}" if deleted.get("Failed") else None

    def _count(self) -> str | None:
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=names)["Attributes"]
        return None if set(counts.values()) == {"0"} else f"an empty queue holds {counts}"

    def _condition(self) -> str | None:
        put = {"TableName": self._name, "Item": {"id": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(id)"}
        anything: Any = self._dynamodb
        anything.put_item(**put)
        return _refused(lambda: anything.put_item(**put), "took it: an alert could be notified twice", CONDITION_FAILED)

    def _items(self) -> str | None:
        key: Any = {"id": {"S": "a"}}
        self._dynamodb.update_item(
            TableName=self._name,
            Key=key,
            UpdateExpression="SET #status = :done",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":done": {"S": "done"}},
        )
        item = self._dynamodb.get_item(TableName=self._name, Key=key, ConsistentRead=True)["Item"]
        self._dynamodb.delete_item(TableName=self._name, Key=key)
        return None if item["status"] == {"S": "done"} else f"gave {item}"

    def _invoke(self) -> str | None:
        return _refused(
            lambda: self._lambda.invoke(FunctionName=self._name, Payload=b"{}"),
            "invoked none",
            ABSENT,
        )

    def _remove(self) -> None:
        anything: Any = self._s3
        with suppress(*TROUBLE):
            for entry in anything.list_objects_v2(Bucket=self._name).get("Contents", []):
                anything.delete_object(Bucket=self._name, Key=entry["Key"])
        removals: list[Callable[[], object]] = [
            lambda: anything.delete_bucket(Bucket=self._name),
            lambda: self._sns.delete_topic(TopicArn=self._topic_arn),
            lambda: self._dynamodb.delete_table(TableName=self._name),
            lambda: self._remove_queue(self._names.queue),
            lambda: self._remove_queue(self._names.undeliverable),
        ]
        for remove in removals:
            with suppress(*TROUBLE):
                remove()

    def _remove_queue(self, name: str) -> None:
        self._sqs.delete_queue(QueueUrl=self._sqs.get_queue_url(QueueName=name)["QueueUrl"])


def _patiently(attempt: Callable[[], str | None]) -> str | None:
    """An emulator may start a service at its first call, which takes longer than an answer may."""
    for left in range(TRIES - 1, -1, -1):
        try:
            return attempt()
        except TemporarilyUnavailable as error:
            if not left:
                return str(error)
        except TROUBLE as error:
            return f"{type(error).__name__}: {error}"
    return None


def _refused(attempt: Callable[[], object], otherwise: str, codes: frozenset[str] | None = None) -> str | None:
    """Why it is different, if the attempt is not refused, or not by one of these codes."""
    try:
        attempt()
    except ClientError as error:
        code = code_of(error)
        return None if codes is None or code in codes else f"refused as {code}"
    return otherwise
