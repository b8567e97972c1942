"""The log begins exactly where the history ends."""

import dataclasses

import numpy as np
from tests.unit.training.conftest import SmallCity

from fraudstream.features.catalogue import index_of
from fraudstream.features.events import ABSENT, Floats, Ints
from fraudstream.features.replay import LabelArrivals, ReplayStream, replay_history
from fraudstream.training.dataset import History
from fraudstream.training.handover import initial_state

LATE_ROWS = (10, 20, 30)


def with_late_labels(history: History) -> History:
    """Three more labels that arrive after the last payment, one of a payment without a merchant."""
    merchants = history.events.merchant_id.copy()
    merchants[LATE_ROWS[2]] = ABSENT
    late = history.end + np.array([1.0, 2.0, 3.0])
    arrivals = LabelArrivals(
        event_row=np.append(history.arrivals.event_row, LATE_ROWS),
        arrived_at=np.append(history.arrivals.arrived_at, late),
        is_fraud=np.append(history.arrivals.is_fraud, [True, False, True]),
    )
    events = dataclasses.replace(history.events, merchant_id=merchants)
    return dataclasses.replace(history, events=events, arrivals=arrivals, end=float(late[-1]) + 1.0)


def replayed(history: History) -> ReplayStream:
    stream = ReplayStream()
    stream.take(history.events, history.arrivals)
    return stream


def row_of(ids: Ints, rows: Floats, wanted: int) -> list[float]:
    found: list[float] = rows[np.searchsorted(ids, wanted)].tolist()
    return found


def test_a_label_after_the_last_payment_is_in_the_initial_risk(city: SmallCity) -> None:
    """One payment more, later than the labels, makes the replay apply them: the risk rows must be the same."""
    history = with_late_labels(city.history)
    times = np.append(history.events.event_time, history.end)
    longer = dataclasses.replace(history.events.take(np.append(np.arange(len(history.events)), 0)), event_time=times)

    state = initial_state(replayed(history))

    expected = replay_history(longer, history.arrivals)
    assert np.array_equal(state.customer_risk, expected.customer_risk)
    assert np.array_equal(state.merchant_risk, expected.merchant_risk)
    assert not np.array_equal(state.customer_risk, replay_history(history.events, history.arrivals).customer_risk)


def test_the_replay_itself_is_left_alone(city: SmallCity) -> None:
    replay = replayed(with_late_labels(city.history))
    before = replay.rows().customer_risk

    initial_state(replay)

    assert np.array_equal(replay.rows().customer_risk, before)


def test_customers_and_merchants_keep_their_rows(city: SmallCity) -> None:
    state = initial_state(replayed(city.history))

    customer = int(state.user_ids[17])
    assert row_of(state.user_ids, state.customer_state, customer) == row_of(
        city.replay.user_ids, city.replay.customer_state, customer
    )
    assert np.array_equal(state.merchant_ids, city.replay.merchant_ids)


def test_payments_without_a_label_wait_for_one(city: SmallCity) -> None:
    waiting = initial_state(replayed(city.history)).waiting

    known, _ = city.history.known_at(np.inf)
    assert len(waiting) == (~known).sum() > 0
    assert np.array_equal(waiting.transaction_id, city.history.events.transaction_id[~known])
    assert np.array_equal(waiting.amount_ratio, city.replay.vectors[~known, index_of("amount_ratio")])
