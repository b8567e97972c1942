"""A parked record says where it came from and why, and is acknowledged before anybody goes on."""

import pytest
from tests.unit.alerting.builders import LOG_TIME, a_record

from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.alerting.parking import Parking
from fraudstream.contracts.parked import ParkedRecord, parse_parked
from fraudstream.contracts.topics import FAILED_ALERTS, MAX_MESSAGE_BYTES
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.records import Delivery, OnDelivery


class RefusingProducer(MemoryProducer):
    """Reports every record as failed, or doesn't report at all."""

    error: str | None = "broker is down"

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:  # noqa: ARG002
        if on_delivery is not None and self.error is not None:
            on_delivery(Delivery(topic, key, -1, -1, self.error))


class SilentProducer(RefusingProducer):
    error = None


def parked(broker: MemoryBroker) -> ParkedRecord:
    (record,) = broker.logs[FAILED_ALERTS, 0]
    return parse_parked(record.value)


@pytest.fixture
def broker() -> MemoryBroker:
    broker = MemoryBroker()
    broker.ensure_topics({FAILED_ALERTS: 1}, 1)
    return broker


def test_a_parked_record_keeps_its_place_key_bytes_and_reason(broker: MemoryBroker) -> None:
    record = a_record(7, b"\xff not text")

    Parking(MemoryProducer(broker)).park(record, "record_failed", "why", attempts=3)

    assert parked(broker) == ParkedRecord(
        topic="fraud-alerts",
        partition=0,
        offset=7,
        timestamp=LOG_TIME,
        reason="record_failed",
        detail="why",
        attempts=3,
        key=b"42",
        value=b"\xff not text",
    )
    assert broker.logs[FAILED_ALERTS, 0][0].key == b"42"


def test_a_record_too_large_to_be_copied_is_parked_by_its_place(broker: MemoryBroker) -> None:
    record = a_record(7, b"x" * (MAX_MESSAGE_BYTES - 200))

    Parking(MemoryProducer(broker)).park(record, "record_failed", "d" * 5_000, attempts=3)

    assert (parked(broker).offset, parked(broker).value) == (7, None)


@pytest.mark.parametrize(
    ("producer", "trouble"), [(RefusingProducer, "broker is down"), (SilentProducer, "no acknowledgement")]
)
def test_a_record_that_is_not_acknowledged_is_an_error(
    broker: MemoryBroker, producer: type[RefusingProducer], trouble: str
) -> None:
    with pytest.raises(TemporarilyUnavailable, match=f"fraud-alerts/0 offset 7 was not parked .*{trouble}"):
        Parking(producer(broker)).park(a_record(7), "record_failed", "why", attempts=3)
