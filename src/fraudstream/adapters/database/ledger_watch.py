"""What the ledger says of the stream since the last look: bounded by what is new, not by what is stored."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.live_figures import commit_time

MOST_MEASURED = 20_000
"""Records whose latency is read in one look, about; where more are new, whole slices are left out evenly."""
LATEST_NOTIFICATION = dt.timedelta(hours=1)
"""An alert that is older counts as never notified."""
OVERLAP = dt.timedelta(seconds=30)
"""What is looked at twice: an insert is dated before it is committed."""

LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_POSITIONS = "SELECT topic_id, partition, next_offset, clock_timestamp() FROM positions WHERE topic = %s"
_TOTALS = """
SELECT coalesce(sum(last_offset - first_offset + 1), 0), coalesce(sum(rows), 0), coalesce(sum(quarantined), 0),
       coalesce(sum(repeats), 0)
FROM slices JOIN positions USING (topic_id, partition) WHERE topic = %s
"""
_FRESH = """
WITH fresh (topic_id, partition, first, next) AS MATERIALIZED (
    SELECT * FROM unnest(%(topic_ids)s::uuid[], %(partitions)s::int[], %(firsts)s::bigint[], %(nexts)s::bigint[])
)
"""
_NEW = f"""{_FRESH}
SELECT coalesce(sum(last_offset - first_offset + 1), 0), coalesce(sum(rows), 0), coalesce(sum(quarantined), 0),
       coalesce(sum(repeats), 0), min(stored_at)
FROM fresh JOIN slices ON slices.topic_id = fresh.topic_id AND slices.partition = fresh.partition
    AND first_offset >= first AND first_offset < next
"""  # noqa: S608 - no value is put into it
_SCORE_LATENCY = f"""{_FRESH}
SELECT extract(epoch FROM committed - log_time)::float8
FROM (
    SELECT slices.*, {{committed}} AS committed
    FROM fresh JOIN slices ON slices.topic_id = fresh.topic_id AND slices.partition = fresh.partition
        AND first_offset >= first AND first_offset < next
    WHERE slice_id %% %(every)s = 0
) AS measured
JOIN scored_transactions AS scored ON scored.topic_id = measured.topic_id AND scored.partition = measured.partition
    AND scored."offset" BETWEEN first_offset AND last_offset
"""  # noqa: S608 - the same
_QUARANTINED = f"""{_FRESH}
SELECT reason, count(*)
FROM fresh JOIN quarantine ON quarantine.topic_id = fresh.topic_id AND quarantine.partition = fresh.partition
    AND "offset" >= first AND "offset" < next
GROUP BY reason
"""  # noqa: S608 - the same
_ALERTS = f"""{_FRESH}
SELECT extract(epoch FROM created_at - log_time)::float8
FROM fresh JOIN alerts ON alerts.topic_id = fresh.topic_id AND alerts.partition = fresh.partition
    AND alerts."offset" >= first AND alerts."offset" < next AND created_at > %(since)s
JOIN scored_transactions AS scored ON scored.topic_id = alerts.topic_id AND scored.partition = alerts.partition
    AND scored."offset" = alerts."offset"
"""  # noqa: S608 - the same
_NOTIFIED = """
SELECT alert_id, extract(epoch FROM min(received_at) - min(log_time))::float8
FROM alerts JOIN notifications USING (alert_id)
JOIN scored_transactions AS scored ON scored.topic_id = alerts.topic_id AND scored.partition = alerts.partition
    AND scored."offset" = alerts."offset"
WHERE created_at > %(oldest)s
GROUP BY alert_id HAVING min(received_at) > %(since)s
"""


@dataclass(frozen=True, slots=True)
class LedgerLook:
    """What came about since the look before; the first one counts everything and measures nothing.

    `unaccounted` are records that were passed and are neither scored, nor quarantined, nor repeats. Latencies are in
    seconds, those of scores of a sample.
    """

    scored: int
    quarantined: int
    repeats: int
    unaccounted: int
    reasons: Mapping[str, int]
    alerts: int
    notified: int
    model_version: str | None
    next_offsets: Mapping[tuple[str, int], int]
    """By topic id and partition."""
    score_latency: Sequence[float] = ()
    alert_latency: Sequence[float] = ()
    notification_latency: Sequence[float] = ()


@dataclass
class LedgerWatch:
    """Looks at the ledger of one transaction topic again and again; raises `TemporarilyUnavailable` if it can't."""

    pool: ConnectionPool
    topic: str
    _seen: dict[tuple[str, int], int] | None = None
    _notified: dict[str, dt.datetime] = field(default_factory=dict)
    _looked_at: dt.datetime = LONG_AGO

    def look(self) -> LedgerLook:
        """What is new, of one moment."""
        with self.pool.transaction(snapshot=True) as cursor:
            cursor.execute(_POSITIONS, (self.topic,))
            rows = cursor.fetchall()
            stands = {(str(topic_id), int(partition)): int(offset) for topic_id, partition, offset, _ in rows}
            now = rows[0][3] if rows else dt.datetime.now(dt.UTC)
            cursor.execute("SELECT model_version FROM deployments WHERE active")
            (version,) = cursor.fetchone() or (None,)
            seen = self._seen
            look = (
                self._everything(cursor, stands, version, now)
                if seen is None
                else self._since(cursor, seen, stands, version, now)
            )
        self._seen, self._looked_at = stands, now
        return look

    def _everything(
        self, cursor: Cursor, stands: dict[tuple[str, int], int], version: str | None, now: dt.datetime
    ) -> LedgerLook:
        cursor.execute(_TOTALS, (self.topic,))
        passed, scored, quarantined, repeats = map(int, cursor.fetchone() or (0, 0, 0, 0))
        cursor.execute("SELECT reason, count(*) FROM quarantine WHERE topic = %s GROUP BY reason", (self.topic,))
        reasons = {str(reason): int(count) for reason, count in cursor.fetchall()}
        cursor.execute("SELECT (SELECT count(*) FROM alerts), (SELECT count(DISTINCT alert_id) FROM notifications)")
        alerts, notified = cursor.fetchone() or (0, 0)
        self._newly_notified(cursor, now)
        left = passed - scored - quarantined - repeats
        return LedgerLook(scored, quarantined, repeats, left, reasons, int(alerts), int(notified), version, stands)

    def _since(
        self,
        cursor: Cursor,
        seen: Mapping[tuple[str, int], int],
        stands: dict[tuple[str, int], int],
        version: str | None,
        now: dt.datetime,
    ) -> LedgerLook:
        fresh = [(*place, seen.get(place, 0), end) for place, end in stands.items() if end > seen.get(place, 0)]
        topic_ids, partitions, firsts, nexts = ([row[at] for row in fresh] for at in range(4))
        values: dict[str, object] = {
            "topic_ids": topic_ids, "partitions": partitions, "firsts": firsts, "nexts": nexts
        }  # fmt: skip
        cursor.execute(_NEW, values)
        *sums, first_stored = cursor.fetchone() or (0, 0, 0, 0, None)
        passed, scored, quarantined, repeats = map(int, sums)
        values["every"] = max(1, -(-passed // MOST_MEASURED))
        values["since"] = (first_stored or now) - dt.timedelta(minutes=5)
        score_latency = _numbers(cursor, _SCORE_LATENCY.format(committed=commit_time(cursor.connection)), values)
        cursor.execute(_QUARANTINED, values)
        reasons = {str(reason): int(count) for reason, count in cursor.fetchall()}
        alert_latency = _numbers(cursor, _ALERTS, values)
        notified = self._newly_notified(cursor, now)
        return LedgerLook(
            scored,
            quarantined,
            repeats,
            passed - scored - quarantined - repeats,
            reasons,
            len(alert_latency),
            len(notified),
            version,
            stands,
            score_latency,
            alert_latency,
            notified,
        )

    def _newly_notified(self, cursor: Cursor, now: dt.datetime) -> list[float]:
        """Latencies of the alerts whose first notification was not seen before."""
        cursor.execute(_NOTIFIED, {"oldest": now - LATEST_NOTIFICATION, "since": self._looked_at - OVERLAP})
        rows = [(str(alert_id), float(latency)) for alert_id, latency in cursor.fetchall()]
        found = [latency for alert_id, latency in rows if alert_id not in self._notified]
        self._notified |= dict.fromkeys((alert_id for alert_id, _ in rows), now)
        self._notified = {alert_id: at for alert_id, at in self._notified.items() if now - at < 2 * OVERLAP}
        return found


def _numbers(cursor: Cursor, statement: str, values: Mapping[str, object]) -> list[float]:
    cursor.execute(statement, values)
    return [float(value) for (value,) in cursor.fetchall()]
