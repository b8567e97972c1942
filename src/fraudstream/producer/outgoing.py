"""Records on their way out: the bytes, where they go, and what the journal says about them."""

import datetime as dt
import uuid
from typing import cast

import msgspec

from fraudstream.contracts.label import Label, LabelSource, encode_label
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.contracts.transaction import (
    Channel,
    Location,
    MerchantCategory,
    PaymentMethod,
    Transaction,
    body_hash,
    encode_transaction,
)
from fraudstream.features.events import ABSENT, CATEGORIES, CHANNELS, LOCATIONS, PAYMENT_METHODS, EventColumns
from fraudstream.simulation.labels import LABEL_SOURCES, SimulatedLabels

_CATEGORIES = cast("tuple[MerchantCategory, ...]", CATEGORIES)
_LOCATIONS = cast("tuple[Location, ...]", LOCATIONS)
_METHODS = cast("tuple[PaymentMethod, ...]", PAYMENT_METHODS)
_CHANNELS = cast("tuple[Channel | None, ...]", (*CHANNELS, None))
"""The last one, at `ABSENT`, is no channel."""
_SOURCES = cast("tuple[LabelSource, ...]", LABEL_SOURCES)


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One record to be sent; the last four fields are empty where it is no payment."""

    topic: str
    key: bytes | None
    value: bytes
    transaction_id: str | None = None
    body_hash: int | None = None
    user_id: int | None = None
    amount: float | None = None


def key_of(user_id: int) -> bytes:
    """The record key that keeps a customer's payments in one partition, in order."""
    return b"%d" % user_id


def outgoing_payment(transaction: Transaction) -> Outgoing:
    """A payment as it goes to its topic."""
    return Outgoing(
        TRANSACTIONS,
        key_of(transaction.user_id),
        encode_transaction(transaction),
        str(transaction.transaction_id),
        body_hash(transaction),
        transaction.user_id,
        transaction.amount,
    )


def outgoing_payments(events: EventColumns) -> list[Outgoing]:
    """Payments as they go to their topic, in their order."""
    return [outgoing_payment(transaction) for transaction in transactions_of(events)]


def transactions_of(events: EventColumns) -> list[Transaction]:
    """Columns as contract objects, in their order; the opposite of `features.events.columns_of`."""
    ids = events.transaction_id.tobytes()
    columns = zip(
        events.user_id.tolist(),
        events.amount.tolist(),
        events.event_time.tolist(),
        events.category.tolist(),
        events.location.tolist(),
        events.payment_method.tolist(),
        events.merchant_id.tolist(),
        events.device_id.tolist(),
        events.channel.tolist(),
        strict=True,
    )
    return [
        Transaction(
            transaction_id=uuid.UUID(bytes=ids[16 * row : 16 * row + 16]),
            user_id=user_id,
            amount=amount,
            timestamp=dt.datetime.fromtimestamp(event_time, dt.UTC),
            merchant_category=_CATEGORIES[category],
            location=_LOCATIONS[location],
            payment_method=_METHODS[method],
            merchant_id=None if merchant_id == ABSENT else merchant_id,
            device_id=None if device_id == ABSENT else device_id,
            channel=_CHANNELS[channel],
        )
        for row, (user_id, amount, event_time, category, location, method, merchant_id, device_id, channel) in (
            enumerate(columns)
        )
    ]


def outgoing_labels(labels: SimulatedLabels) -> list[Outgoing]:
    """Labels as they go to their topic, in their order."""
    ids = labels.transaction_id.tobytes()
    columns = zip(
        labels.user_id.tolist(),
        labels.is_fraud.tolist(),
        labels.arrived_at.tolist(),
        labels.source.tolist(),
        strict=True,
    )
    return [
        Outgoing(
            LABELS,
            key_of(user_id),
            encode_label(
                Label(
                    transaction_id=uuid.UUID(bytes=ids[16 * row : 16 * row + 16]),
                    user_id=user_id,
                    is_fraud=is_fraud,
                    arrived_at=dt.datetime.fromtimestamp(arrived_at, dt.UTC),
                    source=_SOURCES[source],
                )
            ),
        )
        for row, (user_id, is_fraud, arrived_at, source) in enumerate(columns)
    ]
