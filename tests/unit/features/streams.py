"""Payments made up for tests: one by one, or as a lively stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fraudstream.features.catalogue import index_of
from fraudstream.features.events import ABSENT, CATEGORIES, CHANNELS, LOCATIONS, EventColumns, Floats, Ints
from fraudstream.features.kernel import vectors
from fraudstream.features.labels import LabelColumns, apply_labels
from fraudstream.features.replay import LabelArrivals
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH

START = 1_759_276_800.0
"""Wednesday, 2025-10-01, midnight UTC, in seconds."""
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


class Paid(NamedTuple):
    """A payment; `at` is in seconds after `START`, ids and codes are absent by default."""

    at: float
    amount: float = 20.0
    user: int = 1
    category: int = CATEGORIES.index("Groceries")
    location: int = LOCATIONS.index("Chicago")
    merchant: int = ABSENT
    device: int = ABSENT
    channel: int = CHANNELS.index("card_present")


def columns(payments: Sequence[Paid]) -> EventColumns:
    """The payments as columns, numbered by their ids."""
    ids = np.zeros((len(payments), 16), np.uint8)
    ids[:, 12:] = np.arange(len(payments), dtype=">u4").view(np.uint8).reshape(-1, 4)
    return EventColumns(
        transaction_id=ids,
        user_id=np.array([p.user for p in payments], np.int64),
        event_time=np.array([START + p.at for p in payments], np.float64),
        amount=np.array([p.amount for p in payments], np.float64),
        category=np.array([p.category for p in payments], np.int16),
        location=np.array([p.location for p in payments], np.int16),
        payment_method=np.zeros(len(payments), np.int16),
        merchant_id=np.array([p.merchant for p in payments], np.int64),
        device_id=np.array([p.device for p in payments], np.int64),
        channel=np.array([p.channel for p in payments], np.int16),
    )


@dataclass
class Memory:
    """Everything that is remembered; users and merchants are numbered from 0, the last merchant row is nobody's."""

    state: Floats
    customer_risk: Floats
    merchant_risk: Floats

    def take(self, events: EventColumns) -> Floats:
        """Their vectors; the memory moves on."""
        merchant_row = np.where(events.merchant_id == ABSENT, len(self.merchant_risk) - 1, events.merchant_id)
        return vectors(events, self.state, events.user_id, self.customer_risk, self.merchant_risk, merchant_row)

    def label(self, events: EventColumns, fraud: Sequence[bool], ratio: Floats | None = None) -> None:
        """Apply one label for each payment, in their order."""
        labels = LabelColumns(
            arrived_at=events.event_time + 4 * DAY,
            is_fraud=np.array(fraud, np.bool_),
            event_time=events.event_time,
            amount_ratio=np.ones(len(events)) if ratio is None else ratio,
        )
        apply_labels(labels, self.customer_risk, events.user_id, self.merchant_risk, events.merchant_id)


def memory(users: int = 10, merchants: int = 100) -> Memory:
    """Nothing known yet."""
    return Memory(
        np.zeros((users, CUSTOMER_STATE_WIDTH)),
        np.zeros((users, CUSTOMER_RISK_WIDTH)),
        np.zeros((merchants + 1, MERCHANT_RISK_WIDTH)),
    )


def features(payments: Sequence[Paid], *names: str) -> Floats:
    """The named features of the payments, shape (n, names); merchants have no labels."""
    events = columns(payments)
    nobody = np.zeros(len(events), np.int64)
    found = memory(merchants=0)
    result = vectors(events, found.state, events.user_id, found.customer_risk, found.merchant_risk, nobody)
    return result[:, [index_of(name) for name in names]]


def last(payments: Sequence[Paid], name: str) -> float:
    """One feature of the last payment."""
    return float(features(payments, name)[-1, 0])


def stream(count: int, *, users: int = 5, merchants: int = 20, seed: int = 1) -> EventColumns:
    """A lively history in order, with absent fields; merchants are 0 to `merchants` - 1 or absent."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(0, 60 * 86_400, count)).astype(np.float64)
    user = rng.integers(0, users, count)

    def some(values: Ints) -> Ints:
        return np.where(rng.random(count) < 0.15, ABSENT, values)

    return EventColumns(
        transaction_id=rng.integers(0, 256, (count, 16)).astype(np.uint8),
        user_id=user,
        event_time=START + at,
        amount=np.round(rng.lognormal(3.3, 1.2, count), 2),
        category=some(rng.integers(0, len(CATEGORIES), count)).astype(np.int16),
        location=some(rng.integers(0, len(LOCATIONS), count)).astype(np.int16),
        payment_method=rng.integers(0, 4, count).astype(np.int16),
        merchant_id=some(rng.integers(0, merchants, count)),
        device_id=some(user * 10 + rng.integers(0, 5, count)),
        channel=some(rng.integers(0, 2, count)).astype(np.int16),
    )


def arrivals(events: EventColumns, *, seed: int = 2, share: float = 0.8) -> LabelArrivals:
    """Labels of a share of the payments, some days later, a tenth of them fraud."""
    rng = np.random.default_rng(seed)
    labelled = np.flatnonzero(rng.random(len(events)) < share)
    arrived_at = events.event_time[labelled] + rng.lognormal(1.0, 1.0, len(labelled)) * DAY
    order = np.argsort(arrived_at, kind="stable")
    return LabelArrivals(labelled[order], arrived_at[order], (rng.random(len(labelled)) < 0.1)[order])
