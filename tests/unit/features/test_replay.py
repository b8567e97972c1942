"""The parity this project is built on: a replay of history sees what scoring, label by label, would have seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.features.streams import DAY, Memory, Paid, arrivals, columns, memory, stream

from fraudstream.features.catalogue import index_of
from fraudstream.features.events import EventColumns, Floats
from fraudstream.features.replay import LabelArrivals, Replay, replay_history

USERS, MERCHANTS = 5, 20
RATIO = index_of("amount_ratio")


def one_by_one(events: EventColumns, labels: LabelArrivals) -> tuple[Memory, Floats]:
    """The same history as live: a label is applied when it arrives, a payment is scored when it is made."""
    known, done = memory(USERS, MERCHANTS), 0
    scored: list[Floats] = []
    for row in range(len(events)):
        while done < len(labels) and labels.arrived_at[done] <= events.event_time[row]:
            of = labels.event_row[done]
            payment = events.take(slice(of, of + 1))
            known.label(payment, [bool(labels.is_fraud[done])], np.array([scored[of][0, RATIO]]))
            done += 1
        scored.append(known.take(events.take(slice(row, row + 1))))
    return known, np.concatenate(scored)


def assert_equal(replay: Replay, known: Memory, scored: Floats) -> None:
    assert np.array_equal(replay.vectors, scored)
    assert np.array_equal(replay.customer_state, known.state[replay.user_ids])
    assert np.array_equal(replay.customer_risk, known.customer_risk[replay.user_ids])
    assert np.array_equal(replay.merchant_risk, known.merchant_risk[replay.merchant_ids])


def test_replay_equals_scoring_payment_by_payment_bit_for_bit() -> None:
    events = stream(1_500, users=USERS, merchants=MERCHANTS)
    labels = arrivals(events)

    assert_equal(replay_history(events, labels), *one_by_one(events, labels))


@given(
    seed=st.integers(0, 1_000),
    count=st.integers(1, 60),
    delays=st.lists(st.sampled_from([1.0, 3_600.0, 86_400.0, 1e6]), min_size=60, max_size=60),
)
@settings(deadline=None, max_examples=50)
def test_replay_equals_scoring_for_any_delays(seed: int, count: int, delays: list[float]) -> None:
    events = stream(count, users=2, merchants=3, seed=seed)
    arrived_at = events.event_time + delays[:count]
    order = np.argsort(arrived_at, kind="stable")
    labels = LabelArrivals(order, arrived_at[order], order % 3 == 0)

    assert_equal(replay_history(events, labels), *one_by_one(events, labels))


def fraud_at(day: float, *, delay: float) -> Floats:
    """`merchant_frauds_10d` of payments a day apart at one merchant, the one of `day` labelled after `delay` days."""
    events = columns([Paid(number * DAY, merchant=3) for number in range(6)])
    row = int(day)
    labels = LabelArrivals(np.array([row]), events.event_time[[row]] + delay * DAY, np.array([True]))
    return replay_history(events, labels).vectors[:, index_of("merchant_frauds_10d")]


@pytest.mark.parametrize(("delay", "first"), [(1.5, 3), (2.0, 3), (2.1, 4)])
def test_a_label_counts_from_the_first_payment_not_before_its_arrival(delay: float, first: int) -> None:
    assert np.flatnonzero(fraud_at(1, delay=delay)).tolist() == list(range(first, 6))


def test_a_label_never_counts_before_its_own_payment() -> None:
    assert np.flatnonzero(fraud_at(2, delay=0)).tolist() == [3, 4, 5]


def test_labels_that_arrive_after_the_last_payment_are_not_applied() -> None:
    events = columns([Paid(0, merchant=3), Paid(DAY, merchant=3)])
    late = LabelArrivals(np.array([0]), events.event_time[[1]] + 1, np.array([True]))
    replay = replay_history(events, late)

    assert not replay.merchant_risk.any()
    assert not replay.customer_risk.any()


def test_rows_are_named_by_their_ids_in_order() -> None:
    events = columns([Paid(0, user=90, merchant=2**60), Paid(1, user=7), Paid(2, user=90, merchant=4)])
    replay = replay_history(events, LabelArrivals(np.array([0]), events.event_time[[2]], np.array([True])))

    assert replay.user_ids.tolist() == [7, 90]
    assert replay.merchant_ids.tolist() == [4, 2**60]
    assert replay.customer_state[:, 0].tolist() == [1, 2]
    assert replay.merchant_risk.any(axis=1).tolist() == [False, True]


def test_a_label_of_a_payment_without_merchant_changes_its_customer_alone() -> None:
    events = columns([Paid(0), Paid(DAY, merchant=4)])
    replay = replay_history(events, LabelArrivals(np.array([0]), events.event_time[[1]], np.array([True])))

    assert replay.customer_risk.any()
    assert not replay.merchant_risk.any()


def test_a_history_without_payments_comes_to_nothing() -> None:
    nothing = LabelArrivals(np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_))
    replay = replay_history(columns([]), nothing)

    assert len(replay.vectors) == len(replay.user_ids) == len(replay.merchant_ids) == len(nothing) == 0


def test_payments_out_of_order_are_refused() -> None:
    nothing = LabelArrivals(np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_))

    with pytest.raises(ValueError, match="event_time falls at row 2; sort the history first"):
        replay_history(columns([Paid(0), Paid(5), Paid(4)]), nothing)


def test_labels_out_of_order_are_refused() -> None:
    events = columns([Paid(0), Paid(5)])
    falling = LabelArrivals(np.array([0, 1]), np.array([9.0, 8.0]), np.array([True, True]))

    with pytest.raises(ValueError, match="arrived_at falls at row 1"):
        replay_history(events, falling)


def test_a_label_of_a_payment_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="event_row runs from 4 to 4"):
        replay_history(columns([Paid(0)]), LabelArrivals(np.array([4]), np.array([9.0]), np.array([True])))
