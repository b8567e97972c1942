"""Labels as rows of their table."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fraudstream.contracts.label import Label
from fraudstream.ports.labels import LabelRow

FLOAT64 = np.dtype("<f8")
"""How a number stands in a `bytea` of numbers."""

LABEL_COLUMNS = (
    'topic_id, partition, "offset", label_seq, transaction_id, is_fraud, source, arrived_at, '
    "user_id, merchant_id, event_time, amount, amount_ratio"
)
LABEL_TYPES = (
    *("uuid", "int", "bigint", "bigint", "uuid", "boolean", "text", "timestamptz"),
    *("bigint", "bigint", "timestamptz", "float8", "float8"),
)
"""Their types, in that order."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def moment(seconds: float) -> dt.datetime:
    """Seconds since 1970 as a time in UTC, to the microsecond."""
    return _EPOCH + dt.timedelta(seconds=seconds)


def label_row(row: tuple[Any, ...]) -> LabelRow:
    """A waiting label from `LABEL_COLUMNS`."""
    topic_id, partition, offset, _, transaction_id, is_fraud, source, arrived_at, user_id, *_ = row
    label = Label(
        transaction_id=uuid.UUID(transaction_id),
        user_id=user_id,
        is_fraud=is_fraud,
        arrived_at=arrived_at,
        source=source,
    )
    return LabelRow(topic_id, partition, offset, label)


def label_arrays(rows: Sequence[LabelRow]) -> list[str]:
    """The columns of `LABEL_COLUMNS`, each an array literal."""
    return [array_literal(column) for column in zip(*map(_values, rows), strict=True)]


def array_literal(values: Iterable[object]) -> str:
    """A PostgreSQL array of numbers, truth values, ids, times or plain words; `None` is NULL.

    One long literal costs a fraction of adapting every value by itself.
    """
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def bytes_literal(rows: npt.NDArray[np.float64]) -> str:
    """A PostgreSQL array of `bytea`, one for each row of numbers (n, width)."""
    return "{" + ",".join(f'"\\\\x{row.tobytes().hex()}"' for row in rows.astype(FLOAT64)) + "}"


def _values(row: LabelRow) -> tuple[object, ...]:
    """The customer is the payment's own where the payment is known."""
    label, payment = row.label, row.payment
    place = (row.topic_id, row.partition, row.offset, row.label_seq)
    said = (label.transaction_id, label.is_fraud, label.source, label.arrived_at.isoformat())
    if payment is None:
        return (*place, *said, label.user_id, None, None, None, None)
    time = moment(payment.event_time).isoformat()
    return (*place, *said, payment.user_id, payment.merchant_id, time, payment.amount, payment.amount_ratio)
