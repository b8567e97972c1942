"""The alert path as it is stored: scores that say alert, alerts, outbox, notifications."""

import uuid
from contextlib import suppress

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.ledger_queries import FLAGGED, NOTIFIED
from fraudstream.contracts.alert import parse_alert
from fraudstream.contracts.money import cents
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import MalformedEvent
from fraudstream.ports.ledger import AlertAmounts, AlertFacts


def alert_facts(cursor: Cursor) -> AlertFacts:
    """Everything at the moment of the cursor's snapshot."""
    cursor.execute(FLAGGED)
    flagged = cursor.fetchall()
    cursor.execute("SELECT alert_id, transaction_id, amount FROM alerts")
    rows = cursor.fetchall()
    cursor.execute("SELECT value FROM outbox WHERE topic = %s", (ALERTS,))
    values = [bytes(value) for (value,) in cursor]
    published = []
    for value in values:
        with suppress(MalformedEvent):
            published.append(parse_alert(value))
    cursor.execute(NOTIFIED)
    return AlertFacts(
        flagged=[uuid.UUID(transaction) for transaction, _ in flagged],
        rows=[(uuid.UUID(alert), uuid.UUID(transaction)) for alert, transaction, _ in rows],
        published=[alert.alert_id for alert in published],
        unread=len(values) - len(published),
        notified=[uuid.UUID(alert) for (alert,) in cursor],
        amounts=AlertAmounts(
            flagged=cents([amount for _, amount in flagged]),
            rows=cents([amount for _, _, amount in rows]),
            published=cents([alert.amount for alert in published]),
        ),
    )
