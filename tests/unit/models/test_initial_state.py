"""The file of the initial state comes back whole, or is refused."""

import dataclasses

import numpy as np
import pytest

from fraudstream.errors import ModelUnavailable
from fraudstream.features.events import ABSENT
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.models.archive import read_arrays, write_arrays
from fraudstream.models.initial_state import InitialState, WaitingPayments, load_state, state_to_bytes


def a_state() -> InitialState:
    rng = np.random.default_rng(6)
    return InitialState(
        user_ids=np.array([1, 5, 2**62]),
        customer_state=rng.normal(size=(3, CUSTOMER_STATE_WIDTH)),
        customer_risk=rng.normal(size=(3, CUSTOMER_RISK_WIDTH)),
        merchant_ids=np.array([4]),
        merchant_risk=rng.normal(size=(1, MERCHANT_RISK_WIDTH)),
        waiting=WaitingPayments(
            transaction_id=rng.integers(0, 256, (2, 16)).astype(np.uint8),
            user_id=np.array([1, 5]),
            merchant_id=np.array([4, ABSENT]),
            event_time=np.array([1_750_000_000.125, 1_750_000_001.0]),
            amount=np.array([1.5, 2.5]),
            amount_ratio=np.array([0.75, 3.0]),
        ),
    )


def test_a_state_comes_back_bit_for_bit() -> None:
    state = a_state()

    back = load_state(state_to_bytes(state))

    assert len(back.waiting) == 2
    for part, same in ((back, state), (back.waiting, state.waiting)):
        names = [field.name for field in dataclasses.fields(part) if field.name != "waiting"]
        assert all(getattr(part, name).tobytes() == getattr(same, name).tobytes() for name in names)


def test_equal_states_give_equal_bytes() -> None:
    assert state_to_bytes(a_state()) == state_to_bytes(a_state())


def test_another_catalogue_version_is_refused() -> None:
    arrays = read_arrays(state_to_bytes(a_state())) | {"catalogue_version": np.array([99])}

    with pytest.raises(ModelUnavailable, match="of feature catalogue 99"):
        load_state(write_arrays(arrays))


def test_a_missing_array_is_named() -> None:
    arrays = read_arrays(state_to_bytes(a_state()))
    del arrays["waiting_amount"]

    with pytest.raises(ModelUnavailable, match="no array 'waiting_amount'"):
        load_state(write_arrays(arrays))


@pytest.mark.parametrize("name", ["customer_state", "customer_risk", "merchant_risk"])
def test_rows_of_another_width_or_number_or_not_finite_are_refused(name: str) -> None:
    state = a_state()
    rows = getattr(state, name)

    for wrong in (rows[:, 1:], rows[1:], rows * np.inf):
        changed = dataclasses.replace(state, **{name: wrong})
        with pytest.raises(ModelUnavailable, match=f"{name} of the initial state has a wrong shape or is not finite"):
            load_state(state_to_bytes(changed))


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ModelUnavailable, match="not a file of arrays"):
        load_state(b"not that")
