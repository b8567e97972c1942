"""Alerts as the analyst's page lists them: found by what a person asks for, with what is usual beside each."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.contracts.decision import Reason
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT, index_of

MOST = 1_000
"""Rows one answer has at the most."""
SEARCHED = 50_000
"""A merchant is looked for in so many of the newest alerts: there is no index of their merchants."""

State = Literal["open", "snoozed", "confirmed", "dismissed", "all"]
Order = Literal["newest", "risk", "amount", "score"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody looks for; `at_risk` bounds score times amount, `named` is a payment or an alert."""

    state: State = "open"
    order: Order = "newest"
    named: uuid.UUID | None = None
    customer: int | None = None
    merchant: int | None = None
    either: int | None = None
    """A number that may be a customer's or a merchant's."""
    least_amount: float | None = None
    at_risk: tuple[float, float] | None = None
    among: Sequence[uuid.UUID] | None = None
    """Only these alerts, as far as they are like the rest."""
    most: int = 100


@dataclass(frozen=True)
class AlertRow:
    """One alert; `usual_amount` is the customer's mean before it, `turn` how often people have decided about it."""

    alert_id: uuid.UUID
    transaction_id: uuid.UUID
    user_id: int
    amount: float
    currency: str | None
    event_time: dt.datetime
    score: float
    threshold: float
    reasons: tuple[Reason, ...]
    model_version: str
    status: str
    created_at: dt.datetime
    merchant_id: int | None
    usual_amount: float | None
    turn: int
    decided_by: str | None
    outcome: str | None
    until: dt.datetime | None
    trouble: str | None

    @property
    def at_risk(self) -> float:
        """What would be lost on average: score times amount."""
        return self.score * self.amount


@dataclass(frozen=True)
class QueueMark:
    """Two marks differ if the queue may look otherwise."""

    newest: dt.datetime | None
    recent: int
    label_seq: int
    decision_id: int
    deployment_id: int


_ROWS = """
SELECT alert_id::text, newest.transaction_id::text, newest.user_id, newest.amount, scored.currency, newest.event_time,
       newest.score, newest.threshold, reasons::text, newest.model_version,
       CASE WHEN status IN ('open', 'held') AND last.until > clock_timestamp() THEN 'snoozed' ELSE status END,
       newest.created_at, scored.merchant_id, scored.features, slices.catalogue_version,
       coalesce(last.turn, 0), last.author, last.outcome, last.until, last.error
FROM (SELECT * FROM alerts {window}) AS newest
JOIN scored_transactions AS scored ON scored.topic_id = newest.topic_id AND scored.partition = newest.partition
    AND scored."offset" = newest."offset"
JOIN slices ON slices.slice_id = newest.slice_id
LEFT JOIN LATERAL (SELECT turn, author, outcome, until, error FROM alert_decisions AS decided
    WHERE decided.alert_id = newest.alert_id ORDER BY turn DESC LIMIT 1) AS last ON true
WHERE {conditions} ORDER BY {order} LIMIT %(most)s
"""
_STATES: Mapping[State, str] = {
    "open": "status IN ('open', 'held') AND (last.until IS NULL OR last.until <= clock_timestamp())",
    "snoozed": "status IN ('open', 'held') AND last.until > clock_timestamp()",
    "confirmed": "status = 'confirmed'",
    "dismissed": "status = 'dismissed'",
    "all": "true",
}
_ORDERS: Mapping[Order, str] = {
    "newest": "newest.created_at DESC, alert_id",
    "risk": "newest.score * newest.amount DESC, alert_id",
    "amount": "newest.amount DESC, alert_id",
    "score": "newest.score DESC, alert_id",
}
_LATEST = f"ORDER BY created_at DESC LIMIT {SEARCHED}"
_MARK = """
SELECT (SELECT max(created_at) FROM alerts),
       (SELECT count(*) FROM alerts WHERE created_at > clock_timestamp() - interval '1 minute'),
       coalesce((SELECT label_seq FROM label_progress), 0),
       coalesce((SELECT max(decision_id) FROM alert_decisions), 0),
       coalesce((SELECT max(deployment_id) FROM deployments), 0)
"""
_CHANGED = f"""
SELECT alert_id::text FROM alerts WHERE created_at > %(newest)s::timestamptz - interval '1 minute'
UNION SELECT alert_id::text FROM alert_decisions WHERE decision_id > %(decision_id)s
UNION SELECT alert_id::text FROM labels JOIN alerts USING (transaction_id) WHERE labels.label_seq > %(label_seq)s
LIMIT {MOST}
"""  # noqa: S608 - constants
"""A commit may show an alert a little after the time it bears, so a minute is looked at again."""
_RATIO, _KNOWN = index_of("amount_ratio"), index_of("payments_known")
_reasons = msgspec.json.Decoder(tuple[Reason, ...])


class PostgresAlertQueue:
    """Every method raises `TemporarilyUnavailable` if the database does not answer."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def find(self, wanted: Wanted) -> Sequence[AlertRow]:
        """The alerts that somebody looks for, in their order."""
        window, conditions = _asked(wanted)
        query = _ROWS.format(window=window, conditions=" AND ".join(conditions), order=_ORDERS[wanted.order])
        low, high = wanted.at_risk or (None, None)
        values = {
            "named": None if wanted.named is None else str(wanted.named),
            "customer": wanted.customer,
            "merchant": wanted.merchant,
            "either": wanted.either,
            "least": wanted.least_amount,
            "low": low,
            "high": high,
            "among": None if wanted.among is None else [str(each) for each in wanted.among],
            "most": max(1, min(wanted.most, MOST)),
        }
        with self._pool.transaction() as cursor:
            cursor.execute(query, values)
            return [_row(row) for row in cursor]

    def mark(self) -> QueueMark:
        """How the queue stands; costs next to nothing."""
        with self._pool.transaction() as cursor:
            cursor.execute(_MARK)
            return QueueMark(*(cursor.fetchone() or (None, 0, 0, 0, 0)))

    def changed(self, since: QueueMark) -> Sequence[uuid.UUID]:
        """Alerts that may look otherwise than when the queue stood so; those of its last minute are among them."""
        asked = {"newest": since.newest, "decision_id": since.decision_id, "label_seq": since.label_seq}
        with self._pool.transaction() as cursor:
            cursor.execute(_CHANGED, asked)
            return [uuid.UUID(alert_id) for (alert_id,) in cursor]


def _asked(wanted: Wanted) -> tuple[str, list[str]]:
    """Which alerts are looked at, and the conditions on each; values travel apart."""
    window, conditions = "", [_STATES[wanted.state]]
    if wanted.named is not None:
        window = "WHERE %(named)s::uuid IN (transaction_id, alert_id)"
    elif wanted.customer is not None:
        window = "WHERE user_id = %(customer)s"
    elif wanted.either is not None or wanted.merchant is not None or wanted.state in ("all", "confirmed", "dismissed"):
        window = _LATEST
    else:
        window = f"WHERE status IN ('open', 'held') {_LATEST}"
    if wanted.among is not None:
        window = "WHERE alert_id = ANY(%(among)s::uuid[])"
    if wanted.merchant is not None:
        conditions.append("scored.merchant_id = %(merchant)s")
    if wanted.either is not None:
        conditions.append("%(either)s IN (newest.user_id, scored.merchant_id)")
    if wanted.least_amount is not None:
        conditions.append("newest.amount >= %(least)s")
    if wanted.at_risk is not None:
        conditions.append("newest.score * newest.amount >= %(low)s AND newest.score * newest.amount < %(high)s")
    return window, conditions


_FROM_ROW = (
    *("alert_id", "transaction_id", "user_id", "amount", "currency", "event_time", "score", "threshold", "reasons"),
    *("model_version", "status", "created_at", "merchant_id", "features", "catalogue_version"),
    *("turn", "decided_by", "outcome", "until", "trouble"),
)


def _row(row: tuple[Any, ...]) -> AlertRow:
    values = dict(zip(_FROM_ROW, row, strict=True))
    usual = _usual(values["amount"], bytes(values.pop("features")), values.pop("catalogue_version"))
    values |= {name: uuid.UUID(values[name]) for name in ("alert_id", "transaction_id")}
    return AlertRow(**values | {"reasons": _reasons.decode(values["reasons"]), "usual_amount": usual})


def _usual(amount: float, features: bytes, catalogue_version: int) -> float | None:
    if catalogue_version != CATALOGUE_VERSION or len(features) != FEATURE_COUNT * 8:
        return None
    vector = np.frombuffer(features, "<f8")
    known, ratio = float(vector[_KNOWN]), float(vector[_RATIO])
    return amount / ratio if known > 0 and ratio > 0 else None
