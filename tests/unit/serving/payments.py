"""Streams of payments that share customers, merchants and devices."""

import datetime as dt
import uuid

from hypothesis import strategies as st

from fraudstream.contracts.transaction import Transaction
from fraudstream.features.events import CATEGORIES, CHANNELS, LOCATIONS, PAYMENT_METHODS

NOON = dt.datetime(2025, 6, 15, 12, tzinfo=dt.UTC)


def streams(longest: int = 25) -> st.SearchStrategy[list[Transaction]]:
    """Payments with ids of their own, in any order of time."""
    return st.lists(_payments(), min_size=1, max_size=longest, unique_by=lambda payment: payment.transaction_id)


def _payments() -> st.SearchStrategy[Transaction]:
    return st.builds(
        Transaction,
        transaction_id=st.integers(1, 2**127).map(lambda number: uuid.UUID(int=number)),
        user_id=st.integers(1, 4),
        amount=st.floats(0, 5_000).map(lambda amount: round(amount, 2)),
        timestamp=st.integers(-200_000, 0).map(lambda seconds: NOON + dt.timedelta(seconds=seconds)),
        merchant_category=st.sampled_from(CATEGORIES),
        location=st.sampled_from(LOCATIONS),
        payment_method=st.sampled_from(PAYMENT_METHODS),
        merchant_id=st.none() | st.integers(6, 9),
        device_id=st.none() | st.integers(1, 3),
        channel=st.none() | st.sampled_from(CHANNELS),
        currency=st.none() | st.just("USD"),
    )
