"""What a history of labels comes to: of each payment the newest outcome counts, at its own turn.

The label applier moves risk rows step by step and the oracle folds the stored history; both do it here. The rows
after any number of steps are those of one fold over everything so far, whatever the steps were.
"""

from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Bytes, Codes, Floats, Ints
from fraudstream.features.labels import NO_ROW, LabelColumns, apply_labels
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, MERCHANT_RISK_WIDTH

Bools = npt.NDArray[np.bool_]

UNLABELLED = -1
"""Stands in a column of earlier outcomes for a payment that had no label yet."""


@dataclass(frozen=True)
class LabelHistory:
    """`n` labels with a turn, in the order of `label_seq`.

    `transaction_id` is (n, 16) bytes; `user_id` and `merchant_id` (`ABSENT` if unknown) are the payment's own, as
    are `event_time` (seconds since 1970 UTC) and `amount_ratio`; `arrived_at` is in seconds since 1970 UTC.
    """

    label_seq: Ints
    transaction_id: Bytes
    user_id: Ints
    merchant_id: Ints
    arrived_at: Floats
    is_fraud: Bools
    event_time: Floats
    amount_ratio: Floats

    def __len__(self) -> int:
        """Number of labels."""
        return len(self.label_seq)

    def take(self, index: Ints | Bools | slice) -> "LabelHistory":
        """The labels at `index`, in its order."""
        return LabelHistory(*(getattr(self, column.name)[index] for column in fields(self)))

    def followed_by(self, later: "LabelHistory") -> "LabelHistory":
        """These labels and then `later`."""
        return LabelHistory(
            *(np.concatenate([getattr(self, column.name), getattr(later, column.name)]) for column in fields(self))
        )


def empty_history() -> LabelHistory:
    """No labels."""
    ints, floats = np.empty(0, np.int64), np.empty(0)
    return LabelHistory(ints, np.empty((0, 16), np.uint8), ints, ints, floats, np.empty(0, np.bool_), floats, floats)


@dataclass
class RiskRows:
    """Risk rows by their key: `keys` ascending (k,), `rows` (k + 1, width); the last row is nobody's and stays zero."""

    keys: Ints
    rows: Floats

    def row_of(self, ids: Ints) -> Ints:
        """The row of each id; the last, nobody's, for an id without one."""
        return rows_of(self.keys, ids)

    def put(self, ids: Ints, values: Floats) -> None:
        """Set the rows of `ids`, each of which has one, to `values` (len(ids), width)."""
        self.rows[self.row_of(ids)] = values


def rows_of(keys: Ints, ids: Ints) -> Ints:
    """The place of each id in ascending `keys` (k,); k for an id that is not there."""
    found = np.minimum(np.searchsorted(keys, ids), max(len(keys) - 1, 0))
    if not len(keys):
        return np.zeros(len(ids), np.int64)
    return np.where(keys[found] == ids, found, len(keys)).astype(np.int64)


def customer_rows(keys: Ints) -> RiskRows:
    """Zero rows for customers; `keys` ascending."""
    return RiskRows(keys, np.zeros((len(keys) + 1, CUSTOMER_RISK_WIDTH)))


def merchant_rows(keys: Ints) -> RiskRows:
    """Zero rows for merchants; `keys` ascending."""
    return RiskRows(keys, np.zeros((len(keys) + 1, MERCHANT_RISK_WIDTH)))


def effective(history: LabelHistory) -> Bools:
    """Which labels count, shape (n,): of each payment the one that brought its newest outcome.

    A label that repeats the outcome changes nothing, so the first of equal ones counts; a contradiction takes the
    earlier one's effect away.
    """
    counts = np.zeros(len(history), np.bool_)
    if not len(history):
        return counts
    payment = _payment_numbers(history)
    order = np.argsort(payment, kind="stable")
    of, outcome = payment[order], history.is_fraud[order]
    starts = np.flatnonzero(np.append(np.True_, (of[1:] != of[:-1]) | (outcome[1:] != outcome[:-1])))
    newest = np.append(of[starts][1:] != of[starts][:-1], np.True_)
    counts[order[starts[newest]]] = True
    return counts


@dataclass(frozen=True)
class Contradictions:
    """Whose risk rows have to be folded again from their initial values; ascending, without `ABSENT`."""

    users: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    merchants: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(len(self.users))


def contradictions(step: LabelHistory, prior: Codes) -> Contradictions:
    """Whom the labels of `step` contradict.

    Args:
        step: the next labels, in order.
        prior: (n,) outcome of each label's payment before the step, or just before the label: 0, 1 or `UNLABELLED`.
    """
    against = (prior != UNLABELLED) & (prior != step.is_fraud)
    merchants = np.unique(step.merchant_id[against])
    return Contradictions(np.unique(step.user_id[against]), merchants[merchants >= 0])


def apply_step(
    step: LabelHistory,
    prior: Codes,
    customers: RiskRows,
    merchants: RiskRows,
    *,
    again: Contradictions | None = None,
    past: LabelHistory | None = None,
) -> None:
    """Move risk rows, in place, by the labels of one step; ids without a row are passed over.

    Args:
        step: the next labels, in order.
        prior: (n,) outcome of each label's payment before the step, or just before the label: 0, 1 or `UNLABELLED`.
        customers: rows of the customers wanted.
        merchants: rows of the merchants wanted.
        again: what `contradictions` found; their rows stand at their initial values.
        past: every earlier label of the customers and merchants in `again`, in order.
    """
    again = again or Contradictions()
    past = past or empty_history()
    against = (prior != UNLABELLED) & (prior != step.is_fraud)
    payment = _payment_numbers(step)
    contradicted = np.isin(payment, payment[against])
    every = past.followed_by(step)
    repeated = np.append(np.zeros(len(past), np.bool_), (prior != UNLABELLED) & ~contradicted)
    old = np.arange(len(every)) < len(past)
    customer_row = _wanted(customers, every.user_id, old & ~np.isin(every.user_id, again.users))
    merchant_row = _wanted(merchants, every.merchant_id, old & ~np.isin(every.merchant_id, again.merchants))
    counts = effective(every) & ~repeated
    columns = LabelColumns(
        arrived_at=every.arrived_at[counts],
        is_fraud=every.is_fraud[counts],
        event_time=every.event_time[counts],
        amount_ratio=every.amount_ratio[counts],
    )
    apply_labels(columns, customers.rows, customer_row[counts], merchants.rows, merchant_row[counts])


def load_kernel() -> None:
    """Compile what moves risk rows, or load it from its cache: seconds that the first label need not wait for."""
    ids = np.empty(0, np.int64)
    apply_step(empty_history(), np.empty(0, np.int16), customer_rows(ids), merchant_rows(ids))


def _wanted(rows: RiskRows, ids: Ints, passed_over: Bools) -> Ints:
    found = rows.row_of(ids)
    return np.where(passed_over | (found == len(rows.keys)), NO_ROW, found)


def _ids(history: LabelHistory) -> npt.NDArray[np.bytes_]:
    return np.ascontiguousarray(history.transaction_id).view("S16").reshape(-1)


def _payment_numbers(history: LabelHistory) -> Ints:
    """The same number for labels of the same payment, shape (n,)."""
    return np.unique(_ids(history), return_inverse=True)[1].astype(np.int64).reshape(-1)
