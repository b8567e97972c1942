"""What people decided about alerts on the page: a turn is taken once, so of two who decide at once one is told."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg2 import errors

from fraudstream.adapters.database.connection_pool import ConnectionPool

Outcome = Literal["fraud", "genuine", "snooze"]


@dataclass(frozen=True)
class AlertDecision:
    """One decision; `until` belongs to a snooze, `error` says that its label did not get out."""

    turn: int
    at: dt.datetime
    author: str
    outcome: str
    note: str
    until: dt.datetime | None
    settled_at: dt.datetime | None
    error: str | None


_TAKE = """
INSERT INTO alert_decisions (alert_id, turn, author, outcome, note, until) VALUES (%s, %s, %s, %s, %s, %s)
RETURNING decision_id
"""
_OF = """
SELECT turn, at, author, outcome, note, until, settled_at, error FROM alert_decisions
WHERE alert_id = %s ORDER BY turn DESC
"""
_SETTLE = "UPDATE alert_decisions SET settled_at = clock_timestamp(), error = %s WHERE decision_id = %s"


class PostgresDecisionBook:
    """Every method raises `TemporarilyUnavailable` if the database does not answer."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def take(
        self,
        alert_id: uuid.UUID,
        turn: int,
        author: str,
        outcome: Outcome,
        note: str,
        until: dt.datetime | None = None,
    ) -> int | None:
        """Write a decision down as this turn of its alert; returns its id, or nothing if the turn is another's."""
        values = (str(alert_id), turn, author, outcome, note, until)
        try:
            with self._pool.transaction() as cursor:
                cursor.execute(_TAKE, values)
                (decision_id,) = cursor.fetchone() or (0,)
        except errors.UniqueViolation:
            return None
        return int(decision_id)

    def settle(self, decision_id: int, error: str | None = None) -> None:
        """What became of it: its label is in the log, or could not be sent."""
        with self._pool.transaction() as cursor:
            cursor.execute(_SETTLE, (error, decision_id))

    def decisions(self, alert_id: uuid.UUID) -> Sequence[AlertDecision]:
        """Every decision about one alert, the newest first."""
        with self._pool.transaction() as cursor:
            cursor.execute(_OF, (str(alert_id),))
            return [AlertDecision(*row) for row in cursor]
