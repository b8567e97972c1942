"""What a history hands over to the log that continues it."""

import numpy as np
import numpy.typing as npt

from fraudstream.features.catalogue import index_of
from fraudstream.features.events import ABSENT, Ints
from fraudstream.features.labels import LabelColumns, apply_labels
from fraudstream.features.replay import Replay
from fraudstream.models.initial_state import InitialState, WaitingPayments
from fraudstream.training.dataset import History


def initial_state(history: History, replay: Replay) -> InitialState:
    """Where the log begins: every row after the last payment and the last label of the history.

    A label that arrived after the last payment, but within the history, is applied here: the replay had no
    payment to apply it before, and the log will not bring it again. Payments without a label are handed over, for
    theirs may still come.
    """
    ratio = replay.vectors[:, index_of("amount_ratio")]
    customer_risk, merchant_risk = replay.customer_risk.copy(), replay.merchant_risk.copy()
    last = len(history.events) - 1
    late = (history.arrivals.arrived_at > history.events.event_time[last]) | (history.arrivals.event_row == last)
    rows = history.arrivals.event_row[late]
    apply_labels(
        LabelColumns(
            arrived_at=history.arrivals.arrived_at[late],
            is_fraud=history.arrivals.is_fraud[late],
            event_time=history.events.event_time[rows],
            amount_ratio=ratio[rows],
        ),
        customer_risk,
        _rows_of(replay.user_ids, history.events.user_id[rows]),
        merchant_risk,
        _rows_of(replay.merchant_ids, history.events.merchant_id[rows]),
    )
    labelled, _ = history.known_at(np.inf)
    return InitialState(
        user_ids=replay.user_ids,
        customer_state=replay.customer_state,
        customer_risk=customer_risk,
        merchant_ids=replay.merchant_ids,
        merchant_risk=merchant_risk,
        waiting=_waiting(history, ~labelled, ratio),
    )


def _waiting(history: History, rows: npt.NDArray[np.bool_], ratio: npt.NDArray[np.float64]) -> WaitingPayments:
    events = history.events.take(rows)
    return WaitingPayments(
        transaction_id=events.transaction_id,
        user_id=events.user_id,
        merchant_id=events.merchant_id,
        event_time=events.event_time,
        amount=events.amount,
        amount_ratio=ratio[rows],
    )


def _rows_of(known: Ints, asked: Ints) -> Ints:
    """The row of each id among `known` ids, `ABSENT` for an id that is absent."""
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known, asked, sorter=order), len(known) - 1)
    rows = order[place] if len(known) else np.full(len(asked), ABSENT)
    return np.where(asked == ABSENT, ABSENT, rows).astype(np.int64)
