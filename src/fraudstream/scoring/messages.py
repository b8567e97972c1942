"""What a slice has to tell others: alerts, quarantined records, and labels that travelled inside payments."""

import datetime as dt
from collections.abc import Iterable

from fraudstream.contracts.alert import Alert, alert_id_for, encode_alert
from fraudstream.contracts.label import Label, encode_label
from fraudstream.contracts.quarantine import QuarantineRecord, as_text, encode_quarantine_record
from fraudstream.contracts.topics import ALERTS, LABELS, QUARANTINE
from fraudstream.contracts.transaction import ParsedTransaction
from fraudstream.decisions.reasons import reasons
from fraudstream.features.events import Codes, Floats
from fraudstream.ports.slices import AT_ONCE, Deployment, LogPart, OutboxMessage, QuarantinedRow, RaisedAlert

LATEST_ARRIVAL = dt.datetime(9999, 12, 31, tzinfo=dt.UTC).timestamp()
"""No label arrives later, however long its delay: dates end there."""


def alert_of(
    parsed: ParsedTransaction, score: float, deployment: Deployment, top: tuple[Codes, Floats], vector: Floats
) -> Alert:
    """The alert that a payment raises.

    Args:
        parsed: the payment.
        score: its probability of fraud.
        deployment: the model that gave it, and its threshold.
        top: features (n,) that raised the score most, and by how much in log-odds (n,).
        vector: all its features (F,).
    """
    payment = parsed.transaction
    return Alert(
        alert_id=alert_id_for(payment.transaction_id),
        transaction_id=payment.transaction_id,
        user_id=payment.user_id,
        amount=payment.amount,
        event_time=dt.datetime.fromtimestamp(parsed.event_time, dt.UTC),
        merchant_category=payment.merchant_category,
        location=payment.location,
        payment_method=payment.payment_method,
        score=score,
        threshold=deployment.threshold,
        reasons=reasons(*top, vector),
        model_version=deployment.model_version,
        merchant_id=payment.merchant_id,
        channel=payment.channel,
        currency=payment.currency,
    )


def alert_messages(raised: Iterable[RaisedAlert]) -> list[OutboxMessage]:
    """Alerts on their way to the topic of alerts, keyed by customer."""
    return [OutboxMessage(ALERTS, _user_key(item.alert.user_id), encode_alert(item.alert), AT_ONCE) for item in raised]


def quarantine_messages(part: LogPart, rows: Iterable[QuarantinedRow]) -> list[OutboxMessage]:
    """Quarantined records on their way to the topic of quarantine, keyed by their place in the log."""
    return [
        OutboxMessage(
            QUARANTINE,
            f"{part.topic}/{part.partition}/{row.offset}".encode(),
            encode_quarantine_record(
                QuarantineRecord(
                    topic=part.topic,
                    partition=part.partition,
                    offset=row.offset,
                    reason=row.reason,
                    detail=row.detail,
                    raw=as_text(row.raw),
                    raw_size=row.raw_size,
                )
            ),
            AT_ONCE,
        )
        for row in rows
    ]


def label_messages(payments: Iterable[ParsedTransaction], *, delay: float) -> list[OutboxMessage]:
    """Labels that travelled inside payments, on their way to the topic of labels once they count as arrived.

    `delay` is in seconds, from the payment's own time. A label is not even published before: nothing that reads
    the topic of labels can know it early.
    """
    messages = []
    for parsed in payments:
        if parsed.is_fraud is None:
            continue
        arrival = min(parsed.event_time + delay, LATEST_ARRIVAL)
        label = Label(
            transaction_id=parsed.transaction.transaction_id,
            user_id=parsed.transaction.user_id,
            is_fraud=parsed.is_fraud,
            arrived_at=dt.datetime.fromtimestamp(arrival, dt.UTC),
            source="event",
        )
        messages.append(OutboxMessage(LABELS, _user_key(label.user_id), encode_label(label), arrival))
    return messages


def _user_key(user_id: int) -> bytes:
    return str(user_id).encode()
