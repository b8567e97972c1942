"""Putting a day together: order, gaps, cents."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fraudstream.simulation.payments import Payments, cents, in_order, in_sequence


def payments_at(times: list[int]) -> Payments:
    count = len(times)
    codes, ints = np.zeros(count, np.int16), np.zeros(count, np.int64)
    customer = np.arange(count)
    return Payments(
        np.array(times, np.int64), customer, ints, np.ones(count), codes, codes, ints, np.zeros(count, np.int8)
    )


@given(times=st.lists(st.integers(0, 20), max_size=30), after=st.integers(-5, 25))
def test_no_two_payments_share_a_time_and_none_is_before_the_last_one(times: list[int], after: int) -> None:
    ordered = in_order(payments_at(times), after=after)

    assert np.all(np.diff(ordered.time) > 0)
    assert np.all(ordered.time > after)
    assert np.all(ordered.time >= np.sort(times))
    assert ordered.customer.tolist() == np.argsort(times, kind="stable").tolist()


def test_payments_with_times_of_their_own_keep_them() -> None:
    assert in_order(payments_at([30, 10, 20]), after=0).time.tolist() == [10, 20, 30]


@given(
    episodes=st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 6)), min_size=1, max_size=8),
    seed=st.integers(0, 1_000),
)
def test_payments_of_an_episode_follow_one_another(episodes: list[tuple[int, int]], seed: int) -> None:
    start, counts = np.array([s for s, _ in episodes]), np.array([c for _, c in episodes])
    episode, time = in_sequence(start, counts, 1_000.0, np.random.default_rng(seed))

    assert np.bincount(episode, minlength=len(counts)).tolist() == counts.tolist()
    for index, begin in enumerate(start):
        mine = time[episode == index]
        assert mine[0] >= begin
        assert np.all(np.diff(mine) >= 0)


def test_amounts_have_two_decimals_and_are_never_nothing() -> None:
    assert cents(np.array([12.3456, 0.001, 99.999])).tolist() == [12.35, 0.5, 100.0]
