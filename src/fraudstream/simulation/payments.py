"""Payments while a day is being put together: by index of customer and merchant, without ids."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Codes, Floats, Ints

Bools = npt.NDArray[np.bool_]
Scenarios = npt.NDArray[np.int8]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""Milliseconds: simulated times are whole ones."""

SMALLEST_AMOUNT = 0.5
"""No shop takes a card for less."""


@dataclass(frozen=True)
class Payments:
    """`n` payments in any order.

    `time` is in milliseconds since 1970 UTC; `customer` and `merchant` are indices into the population; `amount`
    has two decimals; `location` and `payment_method` index the contract's value lists; `scenario` is 0 for a genuine
    payment.
    """

    time: Ints
    customer: Ints
    merchant: Ints
    amount: Floats
    location: Codes
    payment_method: Codes
    device_id: Ints
    scenario: Scenarios

    def __len__(self) -> int:
        """Number of payments."""
        return len(self.time)

    def take(self, index: Ints | Bools) -> Self:
        """The payments at `index`, in its order."""
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))


def joined(parts: Sequence[Payments]) -> Payments:
    """All payments of all parts; there is at least one part."""
    return Payments(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Payments)))


def no_payments() -> Payments:
    """An empty collection."""
    ints, codes = np.empty(0, np.int64), np.empty(0, np.int16)
    return Payments(ints, ints, ints, np.empty(0), codes, codes, ints, np.empty(0, np.int8))


def in_order(payments: Payments, *, after: int) -> Payments:
    """The payments by time; those of the same millisecond are moved apart, the first one to later than `after`.

    No two payments of a world share a time, so their order is never a matter of ids.
    """
    order = np.argsort(payments.time, kind="stable")
    ordered = payments.take(order)
    rank = np.arange(len(ordered))
    earliest = np.maximum(ordered.time - rank, after + 1)
    ordered.time[:] = np.maximum.accumulate(earliest) + rank
    return ordered


def cents(amount: Floats) -> Floats:
    """Amounts as they are charged: two decimals, at least `SMALLEST_AMOUNT`."""
    return np.maximum(np.round(amount, 2), SMALLEST_AMOUNT)


def in_sequence(start: Ints, counts: Ints, mean_gap: float, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Payments that follow one another: for each the index of its episode, and its time.

    Episode `i` has `counts[i]` (at least one) payments, the first a gap after `start[i]`; gaps are exponential with
    `mean_gap` milliseconds.
    """
    episode = np.repeat(np.arange(len(counts)), counts)
    gaps = rng.exponential(mean_gap, len(episode)).astype(np.int64)
    total = np.cumsum(gaps)
    ends = np.cumsum(counts)
    before = np.where(ends > counts, total[ends - counts - 1], 0)
    return episode, start[episode] + total - before[episode]
