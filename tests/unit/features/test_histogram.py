import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraudstream.features.histogram import FULL, count, number, put, share


def test_numbers_of_one_slot_do_not_disturb_each_other() -> None:
    slots = np.zeros(2)
    for code in range(10):
        put(slots, code, 1_023 - code)

    assert [number(slots, code) for code in range(10)] == [1_023 - code for code in range(10)]
    put(slots, 3, 0)
    assert [number(slots, code) for code in (2, 3, 4)] == [1_021, 0, 1_019]


def test_an_absent_code_is_passed_over() -> None:
    slots = np.zeros(1)
    for code in (-1, 5):
        count(slots, code)
        put(slots, code, 7)

    assert not slots.any()
    assert number(slots, -1) == number(slots, 5) == 0
    assert share(slots, -1) == share(slots, 0) == 1


@given(codes=st.lists(st.integers(-2, 11), max_size=500))
def test_shares_add_up_and_counters_stay_bounded(codes: list[int]) -> None:
    slots = np.zeros(2)
    for code in codes:
        count(slots, code)
    total = sum(number(slots, code) for code in range(10))

    assert total <= FULL
    if total:
        assert sum(share(slots, code) for code in range(10)) == pytest.approx(1)


def test_old_habits_fade() -> None:
    slots = np.zeros(1)
    for code in [0] * 300 + [1] * 200:
        count(slots, code)

    assert share(slots, 1) > 0.8
