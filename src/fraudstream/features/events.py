"""Payments as columns: what the kernel reads."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import get_args

import numpy as np
import numpy.typing as npt

from fraudstream.contracts.transaction import (
    Channel,
    Location,
    MerchantCategory,
    ParsedTransaction,
    PaymentMethod,
)

CATEGORIES: tuple[str, ...] = get_args(MerchantCategory)
LOCATIONS: tuple[str, ...] = get_args(Location)
PAYMENT_METHODS: tuple[str, ...] = get_args(PaymentMethod)
CHANNELS: tuple[str, ...] = get_args(Channel)
COORDINATES: dict[str, tuple[float, float]] = {
    "New York": (40.7128, -74.0060),
    "Los Angeles": (34.0522, -118.2437),
    "Chicago": (41.8781, -87.6298),
    "Houston": (29.7604, -95.3698),
    "San Francisco": (37.7749, -122.4194),
    "Miami": (25.7617, -80.1918),
    "Seattle": (47.6062, -122.3321),
}
"""Latitude and longitude of the city centres, in degrees, in the order of `LOCATIONS`."""
ABSENT = -1
"""Stands for an optional field that is unset, in every integer column."""

_CATEGORY = {name: code for code, name in enumerate(CATEGORIES)}
_LOCATION = {name: code for code, name in enumerate(LOCATIONS)}
_PAYMENT = {name: code for code, name in enumerate(PAYMENT_METHODS)}
_CHANNEL: dict[str | None, int] = {None: ABSENT, **{name: code for code, name in enumerate(CHANNELS)}}

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class EventColumns:
    """`n` payments in the order in which they are to be taken.

    `transaction_id` is (n, 16) bytes; `event_time` seconds since 1970 UTC; `amount` units of the currency;
    `category`, `location`, `payment_method`, `channel` index the value lists above; absent integers are
    `ABSENT`.
    """

    transaction_id: Bytes
    user_id: Ints
    event_time: Floats
    amount: Floats
    category: Codes
    location: Codes
    payment_method: Codes
    merchant_id: Ints
    device_id: Ints
    channel: Codes

    def __len__(self) -> int:
        """Number of payments."""
        return len(self.user_id)

    def take(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_] | slice) -> "EventColumns":
        """The payments at `index`, in its order."""
        return EventColumns(*(getattr(self, field.name)[index] for field in fields(self)))


def joined(parts: Sequence[EventColumns]) -> EventColumns:
    """The payments of all parts, one part after the other; there may be none."""
    nothing = _nothing()
    return EventColumns(
        *(
            np.concatenate([getattr(nothing, field.name), *(getattr(part, field.name) for part in parts)])
            for field in fields(EventColumns)
        )
    )


def columns_of(parsed: Sequence[ParsedTransaction]) -> EventColumns:
    """Turn parsed payments into columns, in their order."""
    transactions = [item.transaction for item in parsed]
    ids = b"".join(t.transaction_id.bytes for t in transactions)
    return EventColumns(
        transaction_id=np.frombuffer(ids, np.uint8).reshape(-1, 16),
        user_id=np.array([t.user_id for t in transactions], np.int64),
        event_time=np.array([item.event_time for item in parsed], np.float64),
        amount=np.array([t.amount for t in transactions], np.float64),
        category=np.array([_CATEGORY[t.merchant_category] for t in transactions], np.int16),
        location=np.array([_LOCATION[t.location] for t in transactions], np.int16),
        payment_method=np.array([_PAYMENT[t.payment_method] for t in transactions], np.int16),
        merchant_id=np.array([ABSENT if t.merchant_id is None else t.merchant_id for t in transactions], np.int64),
        device_id=np.array([ABSENT if t.device_id is None else t.device_id for t in transactions], np.int64),
        channel=np.array([_CHANNEL[t.channel] for t in transactions], np.int16),
    )


def uuid_at(ids: Bytes, row: int) -> uuid.UUID:
    """The id in one row of `EventColumns.transaction_id`."""
    return uuid.UUID(bytes=ids[row].tobytes())


def _nothing() -> EventColumns:
    ints, floats, codes = np.empty(0, np.int64), np.empty(0), np.empty(0, np.int16)
    return EventColumns(np.empty((0, 16), np.uint8), ints, floats, floats, codes, codes, codes, ints, ints, codes)
