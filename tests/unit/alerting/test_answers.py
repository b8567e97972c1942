"""What a function's answer says about a batch."""

import json

import pytest
from tests.unit.alerting.builders import a_record

from fraudstream.adapters.error_document import write_error_document
from fraudstream.alerting.answers import read_answer
from fraudstream.ports.delivery import FunctionAnswer

BATCH = [a_record(3), a_record(4), a_record(5, partition=1)]


def answer(*items: tuple[str, int]) -> FunctionAnswer:
    failures = [{"itemIdentifier": {"partition": partition, "offset": offset}} for partition, offset in items]
    return FunctionAnswer(json.dumps({"batchItemFailures": failures}).encode())


@pytest.mark.parametrize("payload", [b'{"batchItemFailures": []}', b'{"batchItemFailures": null}', b"{}", b"null", b""])
def test_nothing_named_is_success(payload: bytes) -> None:
    verdict = read_answer(FunctionAnswer(payload), BATCH)

    assert (verdict.failed, verdict.error) == ((), None)


def test_named_records_failed_and_no_others() -> None:
    verdict = read_answer(answer(("fraud-alerts-0", 4), ("fraud-alerts-1", 5)), BATCH)

    assert verdict.failed == (BATCH[1], BATCH[2])
    assert verdict.error is None


def test_the_same_offset_of_another_partition_is_another_record() -> None:
    assert read_answer(answer(("fraud-alerts-1", 5)), BATCH).failed == (BATCH[2],)


def test_an_error_of_the_function_fails_the_whole_batch() -> None:
    verdict = read_answer(FunctionAnswer(b'{"batchItemFailures": []}', "RuntimeError: no"), BATCH)

    assert verdict.error == "RuntimeError: no"


def test_a_function_that_says_what_it_depends_on_is_away_waits() -> None:
    document = write_error_document("TemporarilyUnavailable", "SNS did not answer")

    verdict = read_answer(FunctionAnswer(document, "TemporarilyUnavailable: SNS did not answer"), BATCH)

    assert (verdict.waits, verdict.error) == (True, "TemporarilyUnavailable: SNS did not answer")


@pytest.mark.parametrize(
    "document",
    [
        write_error_document("RuntimeError", "TemporarilyUnavailable"),
        write_error_document("Sandbox.Timedout", "Task timed out after 30.00 seconds"),
        write_error_document("IdempotencyAlreadyInProgressError", "already in progress"),
        b'{"errorType": null}',
        b'["TemporarilyUnavailable"]',
        b"TemporarilyUnavailable",
        b"",
    ],
)
def test_every_other_error_is_one_of_the_function(document: bytes) -> None:
    verdict = read_answer(FunctionAnswer(document, "TemporarilyUnavailable, so to speak"), BATCH)

    assert (verdict.waits, verdict.error) == (False, "TemporarilyUnavailable, so to speak")


@pytest.mark.parametrize(
    "payload",
    [
        b"not json",
        b'"ok"',
        b"[]",
        b"1",
        b'{"statusCode": 200}',
        b'{"batchItemFailures": {}}',
        b'{"batchItemFailures": [{}]}',
        b'{"batchItemFailures": ["fraud-alerts-0-4"]}',
        b'{"batchItemFailures": [{"itemIdentifier": "fraud-alerts-0-4"}]}',
        b'{"batchItemFailures": [{"itemIdentifier": null}]}',
        b'{"batchItemFailures": [{"itemIdentifier": {"partition": "fraud-alerts-0"}}]}',
        b'{"batchItemFailures": [{"itemIdentifier": {"partition": 0, "offset": 4}}]}',
        b'{"batchItemFailures": [{"itemIdentifier": {"partition": "fraud-alerts-0", "offset": "4"}}]}',
        b'{"batchItemFailures": [{"itemIdentifier": {"partition": "fraud-alerts-0", "offset": 99}}]}',
        b'{"batchItemFailures": [{"itemIdentifier": {"partition": "other-0", "offset": 4}}]}',
        b'\xff{"batchItemFailures": []}',
    ],
)
def test_a_malformed_answer_fails_the_whole_batch(payload: bytes) -> None:
    verdict = read_answer(FunctionAnswer(payload), BATCH)

    assert verdict.error is not None
    assert verdict.error.startswith("malformed answer: ")


def test_an_answer_that_names_a_record_of_another_batch_says_which() -> None:
    assert read_answer(answer(("fraud-alerts-0", 99)), BATCH).error == (
        "malformed answer: fraud-alerts-0 offset 99 is not in the batch"
    )
