"""What a history hands over to the log that continues it."""

import numpy as np

from fraudstream.features.events import ABSENT, Ints
from fraudstream.features.labels import NO_ROW, apply_labels
from fraudstream.features.replay import ReplayStream
from fraudstream.features.taken import Unlabelled
from fraudstream.models.initial_state import InitialState, WaitingPayments


def initial_state(history: ReplayStream) -> InitialState:
    """Where the log begins: every row after the last payment and the last label of a history.

    A label that arrived after the last payment, but within the history, is applied here: the replay had no
    payment to apply it before, and the log will not bring it again. Payments without a label are handed over, for
    theirs may still come.
    """
    rows, late = history.rows(), history.late()
    apply_labels(
        late.columns,
        rows.customer_risk,
        _rows_of(rows.user_ids, late.user_id),
        rows.merchant_risk,
        _rows_of(rows.merchant_ids, late.merchant_id),
    )
    return InitialState(**vars(rows), waiting=_waiting(history.unlabelled()))


def _waiting(payments: Unlabelled) -> WaitingPayments:
    events = payments.events
    return WaitingPayments(
        transaction_id=events.transaction_id,
        user_id=events.user_id,
        merchant_id=events.merchant_id,
        event_time=events.event_time,
        amount=events.amount,
        amount_ratio=payments.amount_ratio,
    )


def _rows_of(known: Ints, asked: Ints) -> Ints:
    """The row of each id among `known` ids, which ascend; `NO_ROW` for an id that is absent."""
    return np.where(asked == ABSENT, NO_ROW, np.searchsorted(known, asked)).astype(np.int64)
