"""How the stream is, read from the ledger in a few bounded queries."""

from dataclasses import dataclass

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.live_figures import LiveFigures, live_figures

_RATES = """
SELECT coalesce(sum(rows) FILTER (WHERE stored_at > clock_timestamp() - interval '10 seconds'), 0) / 10.0,
       coalesce(sum(rows), 0) / 60.0, max(stored_at)
FROM slices WHERE slice_id > (SELECT max(slice_id) - 2000 FROM slices)
    AND stored_at > clock_timestamp() - interval '60 seconds'
"""
_READ = """
SELECT coalesce(sum(last_offset - first_offset + 1), 0) FROM slices JOIN positions USING (topic_id, partition)
WHERE topic = %s
"""
_HELD = """
SELECT count(*) FILTER (WHERE sent_at IS NULL AND held_at IS NULL), count(*) FILTER (WHERE held_at IS NOT NULL
       AND released_at IS NULL) FROM outbox WHERE sent_at IS NULL
"""


@dataclass(frozen=True)
class StreamFigures:
    """One look; rates are payments a second in ten seconds and in a minute, `read` is what positions have passed."""

    live: LiveFigures
    rate_10s: float
    rate_60s: float
    read: int
    unsent: int
    held: int

    @property
    def next_offsets(self) -> dict[int, int]:
        """Where scoring stands, by partition."""
        return self.live.next_offsets

    @property
    def unaccounted(self) -> int:
        """Records that were passed, and are neither scored, nor in quarantine, nor repeats; 0 where all is well."""
        return self.read - self.live.scored - self.live.quarantined - self.live.repeats


class PostgresStreamFigures:
    """Raises `TemporarilyUnavailable` if the database does not answer."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def look(self, topic: str) -> StreamFigures:
        """The figures of one transaction topic, of one moment."""
        with self._pool.transaction(snapshot=True) as cursor:
            live = live_figures(cursor.connection, topic)
            cursor.execute(_RATES)
            rate_10s, rate_60s, _ = cursor.fetchone() or (0, 0, None)
            cursor.execute(_READ, (topic,))
            (read,) = cursor.fetchone() or (0,)
            cursor.execute(_HELD)
            unsent, held = cursor.fetchone() or (0, 0)
        return StreamFigures(live, float(rate_10s), float(rate_60s), int(read), int(unsent), int(held))
