"""The event is the one AWS sends, byte for byte of meaning, and fits into an invocation."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import KafkaEvent
from aws_lambda_powertools.utilities.parser.models import KafkaMskEventModel, KafkaSelfManagedEventModel
from tests.unit.alerting.builders import a_record

from fraudstream.alerting.kafka_event import PAYLOAD_LIMIT, EventSource, batches, build_event
from fraudstream.contracts.topics import MAX_MESSAGE_BYTES
from fraudstream.ports.records import Record

EVENTS = Path(__file__).parents[2] / "events" / "aws"
CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/payments/0f0e0d0c-1111-2222-3333-444455556666-1"
BROKERS = ",".join(f"b-{n}.payments.abc123.c1.kafka.us-east-1.amazonaws.com:9098" for n in (1, 2))
RECORDS = [
    Record("fraud-alerts", 0, 15, b"42", b'{"alert_id": "one"}', 1_750_000_000.123),
    Record("fraud-alerts", 1, 7, b"43", None, 1_750_000_000.5, stamped_by_broker=False),
    Record(
        "fraud-alerts",
        0,
        16,
        None,
        b"not json",
        1_750_000_000.124,
        headers=(("trace", b"abc"), ("flags", b"\xff\x80\x7f\x00")),
    ),
]


def recorded(name: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((EVENTS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("kafka-msk.json", EventSource(BROKERS, CLUSTER)),
        ("kafka-self-managed.json", EventSource("127.0.0.1:9092")),
    ],
)
def test_the_event_equals_the_recorded_one(name: str, source: EventSource) -> None:
    assert json.loads(build_event(RECORDS, source)) == recorded(name)


def test_records_of_a_partition_stay_in_order() -> None:
    event = json.loads(build_event([a_record(n) for n in range(50)], EventSource("x")))

    assert [record["offset"] for record in event["records"]["fraud-alerts-0"]] == list(range(50))


def test_powertools_reads_back_what_was_sent() -> None:
    event = KafkaEvent(json.loads(build_event(RECORDS, EventSource(BROKERS, CLUSTER))))

    first, second, *_ = event.records

    assert (first.decoded_key, first.decoded_value) == (b"42", b'{"alert_id": "one"}')
    assert second.decoded_key is None
    assert dict(second.decoded_headers) == {"trace": b"abc", "flags": b"\xff\x80\x7f\x00"}


def test_powertools_own_models_accept_the_events() -> None:
    with_values = [record for record in RECORDS if record.value is not None]

    msk = KafkaMskEventModel.model_validate_json(build_event(with_values, EventSource(BROKERS, CLUSTER)))
    own = KafkaSelfManagedEventModel.model_validate_json(build_event(with_values, EventSource("127.0.0.1:9092")))

    assert msk.eventSource == "aws:kafka"
    assert own.eventSource == "SelfManagedKafka"


def test_batches_hold_the_records_in_order_and_at_most_so_many() -> None:
    records = [a_record(n) for n in range(250)]

    cut = list(batches(records, most=100))

    assert [len(batch) for batch in cut] == [100, 100, 50]
    assert [record for batch in cut for record in batch] == records


def test_no_records_make_no_batch() -> None:
    assert list(batches([], most=100)) == []


@pytest.mark.parametrize("partitions", [1, 7])
def test_no_event_is_larger_than_an_invocation_may_be(partitions: int) -> None:
    largest = MAX_MESSAGE_BYTES - 200
    records = [a_record(n, b"x" * largest, partition=n % partitions) for n in range(9)]

    cut = list(batches(records, most=100))

    events = [build_event(batch, EventSource("b" * 200)) for batch in cut]
    assert [len(batch) for batch in cut] == [4, 4, 1]
    assert max(len(event) for event in events) <= PAYLOAD_LIMIT
    assert [record for batch in cut for record in batch] == records


def test_a_record_over_the_limit_goes_alone() -> None:
    records = [a_record(0, b"s"), a_record(1, b"x" * 3_000), a_record(2, b"s")]

    assert [len(batch) for batch in batches(records, most=100, payload_limit=2_000)] == [1, 1, 1]
