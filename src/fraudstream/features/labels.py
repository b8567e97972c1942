"""Labels applied to risk rows, in their order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fraudstream.features.arguments import check_index, plain
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import Floats, Ints, joined
from fraudstream.features.kernel import Labelled, Labels, payments_of, rows_of, run
from fraudstream.features.state import CUSTOMER_STATE_WIDTH

NO_ROW = -1
"""Stands for a label without a merchant, or without a row that is wanted."""


@dataclass(frozen=True)
class LabelColumns:
    """`n` labels in the order in which they are applied.

    `arrived_at` and the payment's own `event_time` are in seconds since 1970 UTC; `amount_ratio` is the payment's
    feature of that name.
    """

    arrived_at: Floats
    is_fraud: npt.NDArray[np.bool_]
    event_time: Floats
    amount_ratio: Floats

    def __len__(self) -> int:
        """Number of labels."""
        return len(self.event_time)


def apply_labels(
    labels: LabelColumns, customer_risk: Floats, customer_row: Ints, merchant_risk: Floats, merchant_row: Ints
) -> None:
    """Let labels enter the risk rows, in their order and in place.

    Args:
        labels: the labels.
        customer_risk: (U, 8).
        customer_row: (n,) the row of each label's customer; -1 is passed over.
        merchant_risk: (M, 16).
        merchant_row: (n,) the row of each label's merchant; -1 is passed over.

    Raises:
        ValueError: shapes or rows do not fit; nothing was changed.
    """
    rows = rows_of(np.zeros((0, CUSTOMER_STATE_WIDTH)), customer_risk, merchant_risk)
    check_index("customer_row", customer_row, len(labels), lowest=NO_ROW, end=len(customer_risk))
    check_index("merchant_row", merchant_row, len(labels), lowest=NO_ROW, end=len(merchant_risk))
    labelled = Labelled(
        plain(labels.event_time, np.float64),
        plain(labels.amount_ratio, np.float64),
        plain(customer_row, np.int64),
        plain(merchant_row, np.int64),
    )
    turns = Labels(np.zeros(len(labels), np.int64), np.arange(len(labels)), plain(labels.is_fraud, np.bool_))
    run(payments_of(joined([]), _NO_ROWS, _NO_ROWS), turns, labelled, rows, np.empty((0, FEATURE_COUNT)))


_NO_ROWS = np.empty(0, np.int64)
