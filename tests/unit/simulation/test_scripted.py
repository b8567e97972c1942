"""The scripted fraud is the textbook case, at a moment of one's choice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import CHANNELS, uuid_at
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.simulation.scripted import scripted_fraud

WORLD = CityWorld(7, 100, DEFAULT_START)
AT = DEFAULT_START + 50 * 86_400.0


@settings(max_examples=40, deadline=None)
@given(user=st.integers(1_000, 1_099), at=st.floats(AT, AT + 1e8), seed=st.integers(0, 10))
def test_eight_tiny_payments_within_a_minute_then_large_ones(user: int, at: float, seed: int) -> None:
    events = scripted_fraud(WORLD, user, at, seed)
    tests, cash_out = events.take(slice(8)), events.take(slice(8, None))

    assert np.all(events.user_id == user)
    assert at - 0.001 <= events.event_time[0] <= at
    assert np.all(np.diff(events.event_time) > 0)
    assert tests.event_time[-1] - tests.event_time[0] < 60
    assert np.all(tests.amount < 5.0)
    assert len(np.unique(tests.merchant_id)) <= 2
    assert np.all(events.channel == CHANNELS.index("online"))
    assert len(cash_out) == 3
    assert np.all(cash_out.amount >= 900.0)


def test_the_device_is_new() -> None:
    known = {int(device) for _, day in zip(range(20), WORLD.days(), strict=False) for device in day.events.device_id}
    devices = {int(device) for device in scripted_fraud(WORLD, 1_003, AT, 1).device_id}

    assert len(devices) == 1
    assert devices.isdisjoint(known)


def test_the_same_arguments_make_the_same_payments() -> None:
    first, second = (scripted_fraud(WORLD, 1_003, AT, 1) for _ in range(2))

    assert np.array_equal(first.transaction_id, second.transaction_id)
    assert np.array_equal(first.amount, second.amount)


@pytest.mark.parametrize("other", [(1_004, AT, 1), (1_003, AT + 1, 1), (1_003, AT, 2)])
def test_other_arguments_make_other_ids(other: tuple[int, float, int]) -> None:
    first, second = scripted_fraud(WORLD, 1_003, AT, 1), scripted_fraud(WORLD, *other)
    ids = {uuid_at(events.transaction_id, row) for events in (first, second) for row in range(len(events))}

    assert len(ids) == 2 * len(first)


def test_a_stranger_cannot_be_hit() -> None:
    with pytest.raises(ConfigurationError, match="no customer 1100 in this world; use 1000 to 1099"):
        scripted_fraud(WORLD, 1_100, AT, 1)
