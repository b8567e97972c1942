"""What became of alerts on their channels: written by whoever delivers, read by the analyst's page."""

import uuid
from collections.abc import Sequence

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.ports.delivery import ChannelDelivery

LONGEST_ERROR = 500
_SETTLED = "SELECT FROM alert_deliveries WHERE alert_id = %s AND channel = %s AND delivered_at IS NOT NULL"
_TRYING = """
INSERT INTO alert_deliveries AS line (alert_id, channel, attempts) VALUES (%s, %s, 0)
ON CONFLICT (alert_id, channel) DO NOTHING
"""
_COUNT = """
UPDATE alert_deliveries SET attempts = attempts + 1, tried_at = clock_timestamp() WHERE alert_id = %s AND channel = %s
RETURNING attempts
"""
_DELIVERED = """
UPDATE alert_deliveries SET delivered_at = clock_timestamp(), message_id = %s, error = NULL
WHERE alert_id = %s AND channel = %s AND delivered_at IS NULL
"""
_FAILED = """
UPDATE alert_deliveries SET error = %s WHERE alert_id = %s AND channel = %s AND delivered_at IS NULL
"""
_OF = """
SELECT channel, attempts, tried_at, delivered_at, message_id, error FROM alert_deliveries WHERE alert_id = %s
UNION ALL
SELECT 'sns', 1, NULL, received_at, message_id, NULL FROM notifications WHERE alert_id = %s
ORDER BY 1, 4
"""


class PostgresDeliveryBook:
    """`DeliveryBook` in Postgres."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def is_settled(self, alert_id: uuid.UUID, channel: str) -> bool:
        """See `DeliveryBook.is_settled`."""
        with self._pool.transaction() as cursor:
            cursor.execute(_SETTLED, (str(alert_id), channel))
            return cursor.fetchone() is not None

    def trying(self, alert_id: uuid.UUID, channel: str) -> int:
        """See `DeliveryBook.trying`."""
        with self._pool.transaction() as cursor:
            cursor.execute(_TRYING, (str(alert_id), channel))
            cursor.execute(_COUNT, (str(alert_id), channel))
            (attempts,) = cursor.fetchone() or (0,)
        return int(attempts)

    def delivered(self, alert_id: uuid.UUID, channel: str, message_id: str) -> None:
        """See `DeliveryBook.delivered`."""
        with self._pool.transaction() as cursor:
            cursor.execute(_DELIVERED, (message_id, str(alert_id), channel))

    def failed(self, alert_id: uuid.UUID, channel: str, error: str) -> None:
        """See `DeliveryBook.failed`."""
        with self._pool.transaction() as cursor:
            cursor.execute(_FAILED, (error[:LONGEST_ERROR], str(alert_id), channel))


class PostgresDeliveries:
    """Reads what became of an alert, on SNS too: there each message that the subscriber got is a line.

    Raises `TemporarilyUnavailable` if the database does not answer.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def of(self, alert_id: uuid.UUID) -> Sequence[ChannelDelivery]:
        """Every channel's line of one alert, by channel."""
        with self._pool.transaction() as cursor:
            cursor.execute(_OF, (str(alert_id), str(alert_id)))
            return [ChannelDelivery(*row) for row in cursor]
