"""Alerts as people read them, and what the subscriber received of them."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import msgspec
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from psycopg2.extras import execute_values

from fraudstream.adapters.database.refusals import unavailable
from fraudstream.adapters.database.sessions import connect
from fraudstream.contracts.decision import Reason
from fraudstream.ports.delivery import StoredAlert

_RECORD = "INSERT INTO notifications (message_id, alert_id) VALUES %s ON CONFLICT (message_id) DO NOTHING"
_ALERT = """
SELECT alert_id::text, transaction_id::text, user_id, amount, event_time, score, threshold, reasons::text,
       model_version, status, created_at,
       EXISTS (SELECT FROM notifications WHERE notifications.alert_id = alerts.alert_id)
FROM alerts
"""
_LATEST = f"{_ALERT} ORDER BY created_at DESC, alert_id LIMIT %s"
_SINCE = f"{_ALERT} WHERE created_at >= %s ORDER BY created_at, alert_id"

_reasons = msgspec.json.Decoder(tuple[Reason, ...])


class PostgresAlerts:
    """`NotificationLog` and `AlertFeed`; a connection that breaks is opened again at the next call."""

    def __init__(self, url: str, *, application: str) -> None:
        self._url = url
        self._application = application
        self._connection: Connection | None = None

    def record(self, arrived: Mapping[str, uuid.UUID]) -> None:
        """See `NotificationLog.record`."""
        rows = sorted((message_id, str(alert_id)) for message_id, alert_id in arrived.items())
        with self._transaction() as cursor:
            if rows:
                execute_values(cursor, _RECORD, rows)

    def latest(self, most: int) -> Sequence[StoredAlert]:
        """See `AlertFeed.latest`."""
        with self._transaction() as cursor:
            cursor.execute(_LATEST, (most,))
            return [_stored(row) for row in reversed(cursor.fetchall())]

    def created_since(self, moment: dt.datetime) -> Sequence[StoredAlert]:
        """See `AlertFeed.created_since`."""
        with self._transaction() as cursor:
            cursor.execute(_SINCE, (moment,))
            return [_stored(row) for row in cursor.fetchall()]

    def close(self) -> None:
        """End the session."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        try:
            if self._connection is None:
                self._connection = connect(self._url, application=self._application)
            with self._connection, self._connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '30s'")
                yield cursor
        except psycopg2.Error as error:
            self.close()
            raise unavailable("the alerts did not answer", error) from error


def _stored(row: tuple[object, ...]) -> StoredAlert:
    values = dict(zip(StoredAlert.__dataclass_fields__, row, strict=True))
    return msgspec.convert(values | {"reasons": _reasons.decode(str(values["reasons"]))}, StoredAlert)
