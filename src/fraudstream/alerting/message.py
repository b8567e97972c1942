"""What an alert says: a subject and a text for people, a document for machines."""

from fraudstream.contracts.alert import Alert, encode_alert
from fraudstream.contracts.decision import Reason
from fraudstream.ports.delivery import LONGEST_SUBJECT, Notification

CURRENCY = "USD"
"""What an amount without a currency is in: the simulated city is American."""


def notification_of(alert: Alert) -> Notification:
    """The message to the subscribers; it is a function of the alert alone."""
    return Notification(
        subject=_subject(alert),
        text=_text(alert),
        document=encode_alert(alert).decode(),
        attributes={
            "alert_id": str(alert.alert_id),
            "amount": alert.amount,
            "score": alert.score,
            "location": alert.location,
            "merchant_category": alert.merchant_category,
            "model_version": alert.model_version,
        },
    )


def _subject(alert: Alert) -> str:
    text = f"Fraud alert: {_money(alert)} at {alert.merchant_category} in {alert.location}, score {alert.score:.2f}"
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)[:LONGEST_SUBJECT]


def _text(alert: Alert) -> str:
    place = f"{alert.merchant_category} in {alert.location}"
    merchant = f", merchant {alert.merchant_id}" if alert.merchant_id is not None else ""
    channel = f", {alert.channel.replace('_', ' ')}" if alert.channel is not None else ""
    reasons = [f"  - {_sentence(reason)}" for reason in alert.reasons] or ["  - the score itself"]
    lines = [
        f"Customer {alert.user_id} paid {_money(alert)} at {place}{merchant}.",
        f"Time:      {alert.event_time.isoformat(sep=' ', timespec='seconds')}",
        f"Payment:   {alert.payment_method.replace('_', ' ')}{channel}",
        f"Score:     {alert.score:.3f} (alerts from {alert.threshold:.3f}, model {alert.model_version})",
        "Why:",
        *reasons,
        "",
        f"Alert {alert.alert_id}, transaction {alert.transaction_id}",
    ]
    return "\n".join(lines) + "\n"


def _money(alert: Alert) -> str:
    return f"{alert.amount:,.2f} {alert.currency or CURRENCY}"


def _sentence(reason: Reason) -> str:
    return reason.text or f"{reason.feature} = {reason.value:g}"
