"""What is sent is what the contract reads back, and the journal knows it by the same hash."""

import hashlib
from dataclasses import fields, replace

import numpy as np

from fraudstream.contracts.label import parse_label
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.contracts.transaction import parse_transaction
from fraudstream.features.events import ABSENT, EventColumns, columns_of, uuid_at
from fraudstream.producer.outgoing import outgoing_labels, outgoing_payments
from fraudstream.simulation.city import CityWorld
from fraudstream.simulation.labels import LABEL_SOURCES

LATEST = 4e9


def test_payments_come_back_as_the_columns_they_were(world: CityWorld) -> None:
    """To the last bit: the model is trained on the columns and scores what comes back."""
    events = next(world.days()).events
    parsed = [parse_transaction(record.value, latest=LATEST) for record in outgoing_payments(events)]
    again = columns_of(parsed)

    for field in fields(EventColumns):
        assert np.array_equal(getattr(again, field.name), getattr(events, field.name)), field.name


def test_absent_fields_stay_away(world: CityWorld) -> None:
    events = next(world.days()).events.take(slice(3))
    absent = np.full(3, ABSENT)
    bare = replace(events, merchant_id=absent, device_id=absent, channel=absent.astype(np.int16))

    assert all(
        name not in record.value
        for record in outgoing_payments(bare)
        for name in (b"merchant_id", b"device_id", b"channel")
    )
    assert columns_of([parse_transaction(r.value, latest=LATEST) for r in outgoing_payments(bare)]).channel[0] == ABSENT


def test_the_journal_knows_a_payment_as_the_scorer_will(world: CityWorld) -> None:
    for record in outgoing_payments(next(world.days()).events):
        parsed = parse_transaction(record.value, latest=LATEST)

        assert record.topic == TRANSACTIONS
        assert record.key == str(parsed.transaction.user_id).encode()
        assert record.transaction_id == str(parsed.transaction.transaction_id)
        assert record.body_hash == parsed.body_hash
        assert (record.user_id, record.amount) == (parsed.transaction.user_id, parsed.transaction.amount)


def test_labels_come_back_to_the_last_bit(world: CityWorld) -> None:
    labels = next(day.labels for day in world.days() if len(day.labels) > 20 and day.labels.is_fraud.any())
    for row, record in enumerate(outgoing_labels(labels)):
        label = parse_label(record.value)

        assert record.topic == LABELS
        assert record.transaction_id is None
        assert record.key == str(labels.user_id[row]).encode()
        assert label.transaction_id == uuid_at(labels.transaction_id, row)
        assert label.is_fraud == labels.is_fraud[row]
        assert label.arrived_at.timestamp() == labels.arrived_at[row]
        assert label.source == LABEL_SOURCES[labels.source[row]]


def test_a_repeated_run_sends_the_same_bytes(world: CityWorld) -> None:
    digests = [
        hashlib.sha256(b"".join(record.value for record in outgoing_payments(next(world.days()).events))).digest()
        for _ in range(2)
    ]

    assert digests[0] == digests[1]
