"""Alerts that are held back: their outbox rows, and the status that says so to people; the caller commits."""

import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.contracts.alert import parse_alert
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import MalformedEvent
from fraudstream.ports.breaker import HELD, OPEN
from fraudstream.ports.delivery import OutboxRow

_HOLD = "UPDATE outbox SET held_at = clock_timestamp() WHERE outbox_id = ANY(%s)"
_RELEASE_OLDEST = """
UPDATE outbox SET held_at = NULL WHERE outbox_id IN (
    SELECT outbox_id FROM outbox WHERE held_at IS NOT NULL
    ORDER BY not_before, outbox_id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING value
"""
_RELEASE_ALL = """
UPDATE outbox SET held_at = NULL, released_at = clock_timestamp() WHERE held_at IS NOT NULL RETURNING value
"""
_HELD_OF_CUSTOMER = """
SELECT outbox_id, value FROM outbox WHERE held_at IS NOT NULL AND topic = %s AND key = (
    SELECT key FROM outbox WHERE held_at IS NOT NULL AND topic = %s AND position(%s::bytea IN value) > 0 LIMIT 1)
ORDER BY not_before, outbox_id FOR UPDATE
"""
_RELEASE = """
UPDATE outbox SET held_at = NULL, released_at = clock_timestamp()
WHERE outbox_id = ANY(%s) AND held_at IS NOT NULL RETURNING value
"""
_MARK = "UPDATE alerts SET status = %s WHERE alert_id = ANY(%s::uuid[]) AND status = %s"


def hold(cursor: Cursor, rows: Sequence[OutboxRow]) -> None:
    """Hold these alerts back."""
    if rows:
        cursor.execute(_HOLD, ([row.outbox_id for row in rows],))
        _mark(cursor, OPEN, HELD, (row.value for row in rows))


def release_oldest(cursor: Cursor, most: int) -> None:
    """Let up to `most` held alerts go, the oldest first."""
    cursor.execute(_RELEASE_OLDEST, (most,))
    _mark(cursor, HELD, OPEN, _values(cursor))


def release_for_free(cursor: Cursor, alert_id: uuid.UUID | None) -> int:
    """Let one alert go, with its customer's before it, or all; no budget is charged. Returns how many that were."""
    if alert_id is None:
        cursor.execute(_RELEASE_ALL)
    else:
        cursor.execute(_RELEASE, (_upto(cursor, alert_id),))
    values = _values(cursor)
    _mark(cursor, HELD, OPEN, values)
    return len(values)


def alert_ids(values: Iterable[bytes]) -> list[uuid.UUID]:
    """The alerts that these messages are about; what is no alert is left out."""
    ids = []
    for value in values:
        with suppress(MalformedEvent):
            ids.append(parse_alert(value).alert_id)
    return ids


def _upto(cursor: Cursor, alert_id: uuid.UUID) -> list[int]:
    """Outbox rows of this alert, if it is held, and of its customer's held ones before it."""
    cursor.execute(_HELD_OF_CUSTOMER, (ALERTS, ALERTS, str(alert_id).encode()))
    found = cursor.fetchall()
    alerts = [alert_ids([bytes(value)]) for _, value in found]
    last = next((place for place, ids in enumerate(alerts) if ids == [alert_id]), -1)
    return [outbox_id for outbox_id, _ in found[: last + 1]]


def _mark(cursor: Cursor, before: str, after: str, values: Iterable[bytes]) -> None:
    ids = alert_ids(values)
    if ids:
        cursor.execute(_MARK, (after, [str(key) for key in ids], before))


def _values(cursor: Cursor) -> list[bytes]:
    return [bytes(value) for (value,) in cursor.fetchall()]
