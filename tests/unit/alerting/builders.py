"""Alerts and records, with just what a test cares about."""

import datetime as dt
import uuid
from typing import Any

from fraudstream.contracts.alert import Alert, alert_id_for, encode_alert
from fraudstream.contracts.decision import Reason
from fraudstream.contracts.topics import ALERTS
from fraudstream.ports.records import Record

LOG_TIME = 1_750_000_000.0


def an_alert(number: int = 1, **changes: Any) -> Alert:  # noqa: ANN401 - any field of an alert
    """The alert of payment `number`."""
    transaction_id = uuid.UUID(int=number)
    fields: dict[str, Any] = {
        "alert_id": alert_id_for(transaction_id),
        "transaction_id": transaction_id,
        "user_id": 42,
        "amount": 1_234.5,
        "event_time": dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC),
        "merchant_category": "electronics",
        "location": "Chicago",
        "payment_method": "credit_card",
        "score": 0.973,
        "threshold": 0.4,
        "reasons": (Reason("amount_ratio", 6.2, 1.8, "6.2 times the usual amount"),),
        "model_version": "7",
    }
    return Alert(**(fields | changes))


def a_record(offset: int, value: bytes | None = None, *, partition: int = 0, log_time: float = LOG_TIME) -> Record:
    """A record of the alert topic; by default it holds the alert of payment `offset + 1`."""
    content = encode_alert(an_alert(offset + 1)) if value is None else value
    return Record(ALERTS, partition, offset, b"42", content, log_time)
