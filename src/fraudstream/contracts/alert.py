"""An alert: what the relay publishes and the Lambda notifies about."""

import datetime as dt
import uuid

import msgspec

from fraudstream.contracts.decision import Reason
from fraudstream.contracts.json_record import decoded

ALERT_NAMESPACE = uuid.UUID("9d3c5d1c-3f34-5d6d-9a4b-7c2d6d1c0a11")
"""Namespace of alert ids, so that a replayed payment raises the same alert."""
CONFIRMED, DISMISSED = "confirmed", "dismissed"
"""Status of an alert whose payment turned out to be fraud, and of one whose payment did not."""


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alerted payment, version 1 of the contract; `alert_id` is a function of the transaction id."""

    alert_id: uuid.UUID
    transaction_id: uuid.UUID
    user_id: int
    amount: float
    event_time: dt.datetime
    merchant_category: str
    location: str
    payment_method: str
    score: float
    threshold: float
    reasons: tuple[Reason, ...]
    model_version: str
    merchant_id: int | None = None
    channel: str | None = None
    currency: str | None = None


_decoder = msgspec.json.Decoder(Alert)


def alert_id_for(transaction_id: uuid.UUID) -> uuid.UUID:
    """The id of the alert a payment raises, the same in every replay."""
    return uuid.uuid5(ALERT_NAMESPACE, transaction_id.hex)


def parse_alert(value: bytes) -> Alert:
    """Read one record of the alert topic.

    Raises:
        MalformedEvent: the bytes are not an alert.
    """
    return decoded(_decoder, value)


def encode_alert(alert: Alert) -> bytes:
    """The alert as it stands in its topic: UTF-8 JSON."""
    return msgspec.json.encode(alert)
