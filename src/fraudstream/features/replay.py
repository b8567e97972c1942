"""History through the kernel: payments and the labels that arrived between them, in one pass."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fraudstream.features.arguments import check_index, plain
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import ABSENT, EventColumns, Floats, Ints
from fraudstream.features.kernel import Labelled, Labels, payments_of, rows_of, run
from fraudstream.features.labels import NO_ROW
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH


@dataclass(frozen=True)
class LabelArrivals:
    """`k` labels in the order of their arrival.

    `event_row` is the row of the payment; `arrived_at`, never falling, is in seconds since 1970 UTC.
    """

    event_row: Ints
    arrived_at: Floats
    is_fraud: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of labels."""
        return len(self.event_row)


@dataclass(frozen=True)
class Replay:
    """What a history came to.

    `vectors` is (n, FEATURE_COUNT), in the order of the payments. `user_ids` (U,) and `merchant_ids` (M,) ascend and
    name the rows of `customer_state` (U, 56), `customer_risk` (U, 8) and `merchant_risk` (M, 16) after the last
    payment.
    """

    vectors: Floats
    user_ids: Ints
    customer_state: Floats
    customer_risk: Floats
    merchant_ids: Ints
    merchant_risk: Floats


def replay_history(events: EventColumns, arrivals: LabelArrivals) -> Replay:
    """Take a whole history from nothing: what scoring would have seen, payment by payment.

    A label is applied before the first payment whose event time is not before `arrived_at`, and never before its own
    payment was taken. Labels that arrive after the last payment are not applied.

    Args:
        events: payments sorted by (event_time, transaction_id).
        arrivals: labels sorted by `arrived_at`.

    Raises:
        ValueError: they are not sorted, or a label names a payment that is not there.
    """
    _check_order("event_time", events.event_time)
    _check_order("arrived_at", arrivals.arrived_at)
    check_index("event_row", arrivals.event_row, len(arrivals), lowest=0, end=len(events))
    user_ids, customer_row = np.unique(events.user_id, return_inverse=True)
    merchant_ids, merchant_row, merchant_label_row = _merchants(events.merchant_id)
    rows = rows_of(
        np.zeros((len(user_ids), CUSTOMER_STATE_WIDTH)),
        np.zeros((len(user_ids), CUSTOMER_RISK_WIDTH)),
        np.zeros((len(merchant_ids) + 1, MERCHANT_RISK_WIDTH)),
    )
    payments = payments_of(events, customer_row, merchant_row)
    labelled = Labelled(payments.event_time, np.empty(len(events)), payments.customer_row, merchant_label_row)
    vectors = np.empty((len(events), FEATURE_COUNT))
    run(payments, _turns(events, arrivals), labelled, rows, vectors)
    return Replay(
        vectors, user_ids, rows.customer_state, rows.customer_risk, merchant_ids, rows.merchant_risk[:-1].copy()
    )


def _merchants(ids: Ints) -> tuple[Ints, Ints, Ints]:
    """Known ids ascending; the row each payment reads (the last, of zeros, if absent); the row its label changes."""
    known = np.unique(ids[ids != ABSENT])
    read = np.where(ids == ABSENT, len(known), np.searchsorted(known, ids)).astype(np.int64)
    return known, read, np.where(ids == ABSENT, NO_ROW, read).astype(np.int64)


def _turns(events: EventColumns, arrivals: LabelArrivals) -> Labels:
    turn = np.searchsorted(events.event_time, arrivals.arrived_at, side="left")
    turn = np.maximum(turn, arrivals.event_row + 1)
    order = np.argsort(turn, kind="stable")
    order = order[turn[order] < len(events)]
    return Labels(
        plain(turn[order], np.int64),
        plain(arrivals.event_row[order], np.int64),
        plain(arrivals.is_fraud[order], np.bool_),
    )


def _check_order(name: str, times: Floats) -> None:
    if np.any(times[1:] < times[:-1]):
        raise ValueError(f"{name} falls at row {int(np.argmax(times[1:] < times[:-1])) + 1}; sort the history first")
