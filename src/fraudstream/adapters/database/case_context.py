"""What surrounds a payment: the customer's other payments, and what is known of its merchant by now."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.features.state import FRAUDS_10D, LABELS_10D, MERCHANT_LAST_FRAUD, MERCHANT_RISK_WIDTH


@dataclass(frozen=True)
class TimelinePayment:
    """One payment of a customer; `is_fraud` is the newest outcome known of it."""

    transaction_id: str
    event_time: dt.datetime
    amount: float
    score: float
    alert: bool
    merchant_id: int | None
    is_fraud: bool | None


@dataclass(frozen=True)
class RiskNow:
    """What the next score will know of a merchant or customer.

    `payments` of its payments have an outcome, `frauds` of them fraud; `recent_rate` is the share of fraud among what
    was labelled in about ten days, as the model sees it, and empty for a customer or where nothing is known.
    """

    payments: int
    frauds: int
    label_seq: int
    recent_rate: float | None = None
    last_fraud: dt.datetime | None = None


_TIMELINE = """
SELECT scored.transaction_id::text, event_time, amount, score, alert, merchant_id,
       (SELECT is_fraud FROM labels WHERE labels.transaction_id = scored.transaction_id AND label_seq IS NOT NULL
        ORDER BY label_seq DESC LIMIT 1)
FROM scored_transactions AS scored WHERE user_id = %s ORDER BY slice_id DESC, "offset" DESC LIMIT %s
"""
_KNOWN = """
SELECT count(*), count(*) FILTER (WHERE is_fraud), coalesce((SELECT label_seq FROM label_progress), 0)
FROM (SELECT DISTINCT ON (transaction_id) is_fraud FROM labels WHERE {key} = %s AND label_seq IS NOT NULL
      ORDER BY transaction_id, label_seq DESC) AS known
"""
_RISK = """
SELECT risk FROM merchant_risk WHERE merchant_id = %s
    AND catalogue_version = (SELECT catalogue_version FROM deployments WHERE active)
"""


class PostgresCaseContext:
    """Every method raises `TemporarilyUnavailable` if the database does not answer."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def timeline(self, user_id: int, *, most: int = 200) -> Sequence[TimelinePayment]:
        """The customer's latest payments, in the order in which they were recorded."""
        with self._pool.transaction() as cursor:
            cursor.execute(_TIMELINE, (user_id, most))
            rows = [TimelinePayment(*row) for row in cursor]
        return rows[::-1]

    def merchant(self, merchant_id: int) -> RiskNow:
        """What the next score will know of a merchant."""
        with self._pool.transaction() as cursor:
            cursor.execute(_KNOWN.format(key="merchant_id"), (merchant_id,))
            payments, frauds, label_seq = cursor.fetchone() or (0, 0, 0)
            cursor.execute(_RISK, (merchant_id,))
            row = cursor.fetchone()
        risk = np.zeros(MERCHANT_RISK_WIDTH) if row is None else np.frombuffer(bytes(row[0]), "<f8")
        labels, last = float(risk[LABELS_10D]), float(risk[MERCHANT_LAST_FRAUD])
        return RiskNow(
            payments,
            frauds,
            label_seq,
            recent_rate=float(risk[FRAUDS_10D]) / labels if labels > 0 else None,
            last_fraud=dt.datetime.fromtimestamp(last, dt.UTC) if last > 0 else None,
        )

    def customer(self, user_id: int) -> RiskNow:
        """What the next score will know of a customer."""
        with self._pool.transaction() as cursor:
            cursor.execute(_KNOWN.format(key="user_id"), (user_id,))
            return RiskNow(*(cursor.fetchone() or (0, 0, 0)))
