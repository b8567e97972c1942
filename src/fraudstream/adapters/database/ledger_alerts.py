"""The alert path as it is stored: scores that say alert, alerts, outbox, notifications."""

import uuid
from contextlib import suppress

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.ledger_queries import ALERTS as STORED
from fraudstream.adapters.database.ledger_queries import FLAGGED, NOTIFIED
from fraudstream.contracts.alert import parse_alert
from fraudstream.contracts.money import cents
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import MalformedEvent
from fraudstream.ports.ledger import AlertAmounts, AlertFacts


def alert_facts(cursor: Cursor) -> AlertFacts:
    """Everything at the moment of the cursor's snapshot but what has only outlived its payment's row."""
    cursor.execute(FLAGGED)
    flagged = cursor.fetchall()
    cursor.execute(STORED)
    stored = cursor.fetchall()
    rows = [row[:3] for row in stored if not row[3]]
    forgotten = {uuid.UUID(alert) for alert, _, _, gone in stored if gone}
    cursor.execute("SELECT value FROM outbox WHERE topic = %s", (ALERTS,))
    values = [bytes(value) for (value,) in cursor]
    published = []
    for value in values:
        with suppress(MalformedEvent):
            published.append(parse_alert(value))
    unread = len(values) - len(published)
    published = [alert for alert in published if alert.alert_id not in forgotten]
    cursor.execute(NOTIFIED)
    return AlertFacts(
        flagged=[uuid.UUID(transaction) for transaction, _ in flagged],
        rows=[(uuid.UUID(alert), uuid.UUID(transaction)) for alert, transaction, _ in rows],
        published=[alert.alert_id for alert in published],
        unread=unread,
        notified=[uuid.UUID(alert) for (alert,) in cursor],
        amounts=AlertAmounts(
            flagged=cents([amount for _, amount in flagged]),
            rows=cents([amount for _, _, amount in rows]),
            published=cents([alert.amount for alert in published]),
        ),
    )
