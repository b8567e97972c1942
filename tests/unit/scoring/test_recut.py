"""However a log is cut: other slices, other partitions, repeats and restarts leave the same rows behind.

This holds where each customer's payments stay in one partition, and every payment sees the same labels.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.scoring.world import PART, ScoredLog, encoded

from fraudstream.adapters.memory_slices import MemorySliceStore
from fraudstream.features.events import Floats

Payments = list[tuple[int, bytes]]
"""Each payment's customer, and its bytes."""

PAYMENTS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.floats(0, 2_000),
        st.integers(0, 59),
        st.sampled_from(["Groceries", "Luxury Goods", "Online Purchase"]),
        st.sampled_from(["Chicago", "Miami"]),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=14,
)


def a_log(drawn: list[tuple[int, float, int, str, str, int]]) -> Payments:
    return [
        (
            user,
            encoded(
                transaction_id=str(uuid.UUID(int=number + 1)),
                user_id=user,
                amount=round(amount, 2),
                timestamp=f"2025-11-24T15:{minute:02}:00Z",
                merchant_category=category,
                location=city,
                device_id=device,
            ),
        )
        for number, (user, amount, minute, category, city, device) in enumerate(drawn)
    ]


def rows_of(payments: Payments, partitions: int, draw: Callable[[int, int], int]) -> dict[str, Floats]:
    """Score a log of so many partitions, cut as `draw` says, with repeats and with slices that come again."""
    store = MemorySliceStore()
    logs = [ScoredLog(store=store, part=replace(PART, partition=number)) for number in range(partitions)]
    waiting: list[list[bytes | None]] = [
        [value for user, value in payments if user % partitions == number] for number in range(partitions)
    ]
    while any(waiting):
        left = [number for number in range(partitions) if waiting[number]]
        number = left[draw(0, len(left) - 1)]
        size = draw(1, len(waiting[number]))
        taken, waiting[number] = waiting[number][:size], waiting[number][size:]
        again = logs[number].records[: draw(0, min(2, len(logs[number].records)))]
        logs[number].take(*taken, *again)
        if draw(0, 3) == 0:  # a scorer that was killed reads from before its last commit
            logs[number].replay(draw(0, len(logs[number].records)))
    return logs[0].vectors()


@settings(deadline=None, max_examples=60)
@given(PAYMENTS, st.integers(1, 3), st.data())
def test_any_cut_any_number_of_partitions_repeats_and_restarts_give_the_same_rows(
    drawn: list[tuple[int, float, int, str, str, int]], partitions: int, data: st.DataObject
) -> None:
    payments = a_log(drawn)
    whole = ScoredLog()
    whole.take(*(value for _, value in payments))

    cut = rows_of(payments, partitions, lambda low, high: data.draw(st.integers(low, high)))

    assert cut.keys() == whole.vectors().keys()
    for transaction_id, row in whole.vectors().items():
        np.testing.assert_array_equal(cut[transaction_id], row)
