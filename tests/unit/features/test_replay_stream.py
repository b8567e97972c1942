"""A history in parts comes to what it comes to at once, and what is settled is forgotten."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.features.streams import DAY, Paid, arrivals, columns, stream

from fraudstream.features.events import EventColumns, Floats
from fraudstream.features.replay import LabelArrivals, ReplayStream, replay_history

USERS, MERCHANTS = 5, 20


def no_labels() -> LabelArrivals:
    return LabelArrivals(np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_))


def in_parts(events: EventColumns, labels: LabelArrivals, cuts: list[int]) -> tuple[ReplayStream, Floats]:
    """Each part with the labels that arrive up to its last payment; the rest with the last one."""
    replay, done, vectors = ReplayStream(), 0, [np.empty((0, replay_history(events, labels).vectors.shape[1]))]
    for low, high in pairwise(sorted({0, len(events), *(cut for cut in cuts if cut < len(events))})):
        arrived = np.searchsorted(labels.arrived_at, events.event_time[high - 1], side="right")
        upto = len(labels) if high == len(events) else int(arrived)
        vectors.append(replay.take(events.take(slice(low, high)), labels.take(slice(done, upto))))
        done = upto
    return replay, np.concatenate(vectors)


def assert_same(events: EventColumns, labels: LabelArrivals, cuts: list[int]) -> None:
    whole = replay_history(events, labels)
    replay, vectors = in_parts(events, labels, cuts)
    rows = replay.rows()

    assert np.array_equal(vectors, whole.vectors)
    for name, values in vars(rows).items():
        assert np.array_equal(values, getattr(whole, name)), name


def test_day_by_day_is_all_at_once_bit_for_bit() -> None:
    events = stream(3_000, users=USERS, merchants=MERCHANTS)

    assert_same(events, arrivals(events), list(range(0, 3_000, 170)))


@given(
    seed=st.integers(0, 1_000),
    count=st.integers(1, 60),
    delays=st.lists(st.sampled_from([1.0, 3_600.0, 86_400.0, 1e6]), min_size=60, max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=6),
)
@settings(deadline=None, max_examples=80)
def test_any_parts_and_any_delays_give_the_same(seed: int, count: int, delays: list[float], cuts: list[int]) -> None:
    events = stream(count, users=2, merchants=3, seed=seed)
    arrived_at = events.event_time + delays[:count]
    order = np.argsort(arrived_at, kind="stable")

    assert_same(events, LabelArrivals(order, arrived_at[order], order % 3 == 0), cuts)


def test_rows_of_whoever_comes_later_stand_in_the_order_of_their_ids() -> None:
    replay = ReplayStream()
    replay.take(columns([Paid(0, user=9, merchant=2**60)]), no_labels())
    replay.take(columns([Paid(1, user=4, merchant=7), Paid(2, user=9)]), no_labels())

    assert replay.rows().user_ids.tolist() == [4, 9]
    assert replay.rows().merchant_ids.tolist() == [7, 2**60]
    assert replay.rows().customer_state[:, 0].tolist() == [1, 2]
    assert replay.count == 3


def test_a_label_after_the_last_payment_waits_for_the_next() -> None:
    events = columns([Paid(0, merchant=3), Paid(DAY, merchant=3), Paid(3 * DAY, merchant=3)])
    replay = ReplayStream()
    replay.take(events.take(slice(2)), LabelArrivals(np.array([0]), events.event_time[[1]] + 60, np.array([True])))

    assert replay.late().user_id.tolist() == events.user_id[:1].tolist()
    assert not replay.rows().merchant_risk.any()

    replay.take(events.take(slice(2, 3)), no_labels())

    assert not len(replay.late().user_id)
    assert replay.rows().merchant_risk.any()


def test_payments_wait_until_their_label_is_there() -> None:
    events = columns([Paid(number * DAY, merchant=3) for number in range(6)])
    replay = ReplayStream()
    replay.take(events.take(slice(3)), no_labels())
    replay.take(events.take(slice(3, 6)), LabelArrivals(np.array([0, 2]), events.event_time[[4, 4]], np.zeros(2, bool)))

    waiting = replay.unlabelled()

    assert np.array_equal(waiting.events.transaction_id, events.transaction_id[[1, 3, 4, 5]])
    assert len(waiting.amount_ratio) == 4


def test_a_part_whose_payments_are_all_labelled_is_forgotten() -> None:
    events = columns([Paid(number * DAY, merchant=3) for number in range(4)])
    replay = ReplayStream()
    replay.take(events.take(slice(2)), LabelArrivals(np.array([0, 1]), events.event_time[[1, 1]], np.zeros(2, bool)))
    replay.take(events.take(slice(2, 3)), no_labels())

    with pytest.raises(ValueError, match="the payment in row 1 has had its label"):
        replay.take(events.take(slice(3, 4)), LabelArrivals(np.array([1]), events.event_time[[3]], np.array([True])))


def test_a_part_that_goes_back_in_time_is_refused() -> None:
    replay = ReplayStream()
    replay.take(columns([Paid(DAY)]), no_labels())

    with pytest.raises(ValueError, match="event_time falls at row 0, behind the part before"):
        replay.take(columns([Paid(0)]), no_labels())
    assert replay.count == 1


def test_a_label_that_should_have_come_with_an_earlier_part_is_refused() -> None:
    events = columns([Paid(0), Paid(DAY), Paid(2 * DAY)])
    replay = ReplayStream()
    replay.take(events.take(slice(2)), no_labels())

    with pytest.raises(ValueError, match="hand it over with the part it arrived in"):
        replay.take(events.take(slice(2, 3)), LabelArrivals(np.array([0]), events.event_time[[0]], np.array([True])))


def test_a_label_of_a_payment_that_is_yet_to_come_is_refused() -> None:
    events = columns([Paid(0), Paid(DAY)])

    with pytest.raises(ValueError, match="event_row runs from 1 to 1"):
        ReplayStream().take(events.take(slice(1)), LabelArrivals(np.array([1]), np.array([5.0]), np.array([True])))


def test_a_history_without_payments_waits_for_nothing() -> None:
    assert not len(ReplayStream().unlabelled().events)
    assert not len(ReplayStream().rows().user_ids)
