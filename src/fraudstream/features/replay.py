"""History through the kernel: payments and the labels that arrived between them, all at once or part by part."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fraudstream.features.arguments import check_index, plain
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import ABSENT, EventColumns, Floats, Ints
from fraudstream.features.kernel import Labelled, Labels, payments_of, rows_of, run
from fraudstream.features.keyed_rows import KeyedRows
from fraudstream.features.labels import NO_ROW, LabelColumns
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.features.taken import TakenPayments, Unlabelled

_NOBODY = 0
"""Row of the merchants that a payment without one reads; it stays zero."""


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

    def take(self, index: Ints | npt.NDArray[np.bool_] | slice) -> "LabelArrivals":
        """The labels at `index`, in its order."""
        return LabelArrivals(self.event_row[index], self.arrived_at[index], self.is_fraud[index])


def arrivals_of(parts: Sequence[LabelArrivals]) -> LabelArrivals:
    """The labels of all parts, one part after the other; there may be none."""
    return LabelArrivals(
        np.concatenate([np.empty(0, np.int64), *(part.event_row for part in parts)]),
        np.concatenate([np.empty(0), *(part.arrived_at for part in parts)]),
        np.concatenate([np.empty(0, np.bool_), *(part.is_fraud for part in parts)]),
    )


@dataclass(frozen=True)
class ReplayedRows:
    """What is remembered after some payments.

    `user_ids` (U,) and `merchant_ids` (M,) ascend and name the rows of `customer_state` (U, 56), `customer_risk` (U, 8)
    and `merchant_risk` (M, 16).
    """

    user_ids: Ints
    customer_state: Floats
    customer_risk: Floats
    merchant_ids: Ints
    merchant_risk: Floats


@dataclass(frozen=True)
class Replay(ReplayedRows):
    """What a history came to: its rows after the last payment, and `vectors` (n, FEATURE_COUNT) in its order."""

    vectors: Floats


@dataclass(frozen=True)
class LateLabels:
    """`k` labels that no payment has come after, in the order of their arrival, with the ids of their payments."""

    columns: LabelColumns
    user_id: Ints
    merchant_id: Ints


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
    stream = ReplayStream()
    vectors = stream.take(events, arrivals)
    return Replay(vectors=vectors, **vars(stream.rows()))


class ReplayStream:
    """The same history in parts: the vectors and the rows are those of one replay of everything, bit for bit.

    What is remembered is a row for each customer and merchant, and the payments that a label may still come for: a part
    whose payments all have one is forgotten.
    """

    def __init__(self) -> None:
        self._customers = KeyedRows(CUSTOMER_STATE_WIDTH)
        self._risk = KeyedRows(CUSTOMER_RISK_WIDTH)
        self._merchants = KeyedRows(MERCHANT_RISK_WIDTH, reserved=_NOBODY + 1)
        self._taken = TakenPayments()
        self._queue = arrivals_of([])
        self._newest = float("-inf")
        self._newest_label = float("-inf")

    @property
    def count(self) -> int:
        """Payments taken so far; the first of the next part has this row."""
        return self._taken.end

    def take(self, events: EventColumns, arrivals: LabelArrivals) -> Floats:
        """Take the next `n` payments and the labels that arrive up to the last of them; later ones may be among these.

        Args:
            events: payments sorted by (event_time, transaction_id), after those of the part before.
            arrivals: labels sorted by `arrived_at`, after those of the part before. `event_row` counts from the first
                payment of the first part.

        Returns:
            Vectors (n, FEATURE_COUNT).

        Raises:
            ValueError: they are not sorted, a label names a payment that is not there or has had one in an earlier
                part, or it arrived before the last payment of an earlier part. Nothing was taken.
        """
        _check_order("event_time", events.event_time, self._newest)
        _check_order("arrived_at", arrivals.arrived_at, self._newest_label)
        first, end = self.count, self.count + len(events)
        check_index("event_row", arrivals.event_row, len(arrivals), lowest=0, end=end)
        if first and len(arrivals) and arrivals.arrived_at[0] <= self._newest:
            raise ValueError("a label arrived before a payment that is taken; hand it over with the part it arrived in")
        self._taken.check_held(arrivals.event_row)
        self._queue = arrivals_of([self._queue, arrivals])
        turn = np.searchsorted(events.event_time, self._queue.arrived_at, side="left") + first
        turn = np.maximum(turn, self._queue.event_row + 1)
        order = np.argsort(turn, kind="stable")
        due = order[turn[order] < end]
        vectors = self._run(events, turn[due] - first, self._queue.take(due))
        self._queue = self._queue.take(turn >= end)
        self._newest = float(events.event_time[-1]) if len(events) else self._newest
        self._newest_label = float(arrivals.arrived_at[-1]) if len(arrivals) else self._newest_label
        self._taken.label(arrivals.event_row)
        self._taken.forget(needed=self._queue.event_row)
        return vectors

    def rows(self) -> ReplayedRows:
        """What is remembered after the last payment; copies."""
        user_ids, states = self._customers.by_id()
        merchant_ids, merchant_risk = self._merchants.by_id()
        return ReplayedRows(user_ids, states, self._risk.by_id()[1], merchant_ids, merchant_risk)

    def late(self) -> LateLabels:
        """The labels that are not applied, for they arrived after the last payment or are of that payment."""
        found = self._taken.at(self._queue.event_row)
        columns = LabelColumns(self._queue.arrived_at, self._queue.is_fraud, found.event_time, found.amount_ratio)
        return LateLabels(columns, found.user_id, found.merchant_id)

    def unlabelled(self) -> Unlabelled:
        """The payments that no label has arrived for, in their order."""
        return self._taken.unlabelled()

    def _run(self, events: EventColumns, turn: Ints, due: LabelArrivals) -> Floats:
        count, first = len(events), self.count
        customer_row = self._customers.rows_of(events.user_id)
        self._risk.rows_of(events.user_id)
        merchant_row = self._merchant_rows(events.merchant_id)
        payments = payments_of(events, customer_row, merchant_row)
        earlier = due.event_row < first
        before = self._taken.at(due.event_row[earlier])
        merchants = np.concatenate([merchant_row, self._merchant_rows(before.merchant_id)])
        labelled = Labelled(
            np.concatenate([payments.event_time, before.event_time]),
            np.concatenate([np.empty(count), before.amount_ratio]),
            np.concatenate([payments.customer_row, self._customers.rows_of(before.user_id)]),
            np.where(merchants == _NOBODY, NO_ROW, merchants),
        )
        place = due.event_row - first
        place[earlier] = count + np.arange(int(earlier.sum()))
        labels = Labels(plain(turn, np.int64), plain(place, np.int64), plain(due.is_fraud, np.bool_))
        vectors = np.empty((count, FEATURE_COUNT))
        rows = rows_of(self._customers.values, self._risk.values, self._merchants.values)
        run(payments, labels, labelled, rows, vectors)
        self._taken.add(events, labelled.amount_ratio[:count])
        return vectors

    def _merchant_rows(self, ids: Ints) -> Ints:
        rows = np.full(len(ids), _NOBODY, np.int64)
        named = ids != ABSENT
        rows[named] = self._merchants.rows_of(ids[named])
        return rows


def _check_order(name: str, times: Floats, newest: float) -> None:
    if len(times) and times[0] < newest:
        raise ValueError(f"{name} falls at row 0, behind the part before; sort the history first")
    if np.any(times[1:] < times[:-1]):
        raise ValueError(f"{name} falls at row {int(np.argmax(times[1:] < times[:-1])) + 1}; sort the history first")
