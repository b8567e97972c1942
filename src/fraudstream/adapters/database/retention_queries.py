"""What retention asks and deletes; every condition is a text of this module, every value a parameter."""

from fraudstream.ports.archive import Zone

MONTHS = """
SELECT to_date(substring(child.relname FROM 'scored_transactions_(\\d{4}_\\d{2})$'), 'YYYY_MM') FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = 'public.scored_transactions'::regclass AND child.relname ~ '^scored_transactions_\\d{4}_\\d{2}$'
ORDER BY 1
"""
PARTS = """
SELECT topic_id, partition, count(*), max("offset") + 1, min(log_time), max(log_time)
FROM scored_transactions WHERE log_time >= %s AND log_time < %s GROUP BY 1, 2
"""
OPEN_ALERTS = """
SELECT count(*) FROM alerts JOIN scored_transactions AS scored USING (topic_id, partition, "offset")
WHERE alerts.status NOT IN ('confirmed', 'dismissed') AND scored.log_time >= %s AND scored.log_time < %s
"""
WAITING_LABELS = """
SELECT count(*) FROM labels JOIN transaction_ids AS known ON known.id = labels.transaction_id
JOIN scored_transactions AS scored
    ON (scored.topic_id, scored.partition, scored."offset") = (known.topic_id, known.partition, known."offset")
WHERE labels.label_seq IS NULL AND scored.log_time >= %s AND scored.log_time < %s
"""
POSITIONS = "SELECT topic_id, partition, next_offset FROM positions"
ARCHIVED = f"""
SELECT topic_id, partition, max(last_offset) + 1 FROM archive_files WHERE zone = '{Zone.PROCESSED}' GROUP BY 1, 2
"""  # noqa: S608 - a word of this project
DROP_MONTH = "SELECT drop_month_of_scores(%s)"
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '3s'"
"""For so long scorers wait behind a month that is dropped while somebody reads; the next run tries again."""
AUDIT = "INSERT INTO audit_log (account, address, action, about, detail) VALUES (%s, '', 'retain', %s, %s)"

FORGETTABLE_IDS = """
SELECT topic_id, partition, end_offset, rows, begins_at, ends_at FROM forgotten_ranges
WHERE ids_forgotten_at IS NULL AND ends_at < %s ORDER BY begins_at
"""
IDS_ABOVE = """
SELECT id, topic_id, partition, "offset" FROM transaction_ids WHERE id > %s ORDER BY id LIMIT %s
"""
DELETE_IDS = "DELETE FROM transaction_ids WHERE id = ANY(%s::uuid[])"
IDS_FORGOTTEN = """
UPDATE forgotten_ranges SET ids_forgotten_at = clock_timestamp() WHERE ids_forgotten_at IS NULL AND ends_at < %s
"""

_GONE = """EXISTS (SELECT FROM forgotten_ranges AS gone
    WHERE (gone.topic_id, gone.partition) = ({table}.topic_id, {table}.partition)
    AND {table}."offset" < gone.end_offset)"""
_TOLD = "(convert_from(value, 'UTF8')::jsonb ->> 'alert_id')::uuid"
OLD_ALERTS = f"""
status IN ('confirmed', 'dismissed') AND created_at < %(before)s AND {_GONE.format(table="alerts")}
AND alert_id NOT IN (SELECT {_TOLD} FROM outbox WHERE topic = %(topic)s AND sent_at IS NULL)
"""  # noqa: S608 - texts of this module
DELETE_ALERTS = f"DELETE FROM alerts WHERE {OLD_ALERTS} RETURNING alert_id"  # noqa: S608 - same
DELETE_OF_ALERTS = (
    f"DELETE FROM outbox WHERE topic = %(topic)s AND sent_at IS NOT NULL AND {_TOLD} = ANY(%(ids)s::uuid[])",  # noqa: S608 - same
    "DELETE FROM notifications WHERE alert_id = ANY(%(ids)s::uuid[])",
    "DELETE FROM alert_deliveries WHERE alert_id = ANY(%(ids)s::uuid[])",
    "DELETE FROM alert_decisions WHERE alert_id = ANY(%(ids)s::uuid[])",
)
OLD_SHADOW = f"""
{_GONE.format(table="shadow_scores")} OR digest IN (
    SELECT digest FROM challengers GROUP BY digest HAVING NOT bool_or(active) AND max(ended_at) < %(before)s)
"""  # noqa: S608 - same
OLD_QUARANTINE = """
log_time < %(before)s
AND NOT EXISTS (SELECT FROM unnest(%(partitions)s::int[], %(firsts)s::bigint[]) AS log (number, first)
    WHERE quarantine.topic_id = %(log)s::uuid AND quarantine.partition = log.number
    AND quarantine."offset" >= log.first)
AND NOT EXISTS (SELECT FROM replays
    WHERE (replays.topic_id, replays.partition, replays."offset")
        = (quarantine.topic_id, quarantine.partition, quarantine."offset") AND replays.settled_at IS NULL)
"""
"""A record that the log of payments still holds is one that `verify` looks for."""
_ENDED = "least(revoked_at, expires_at)"
SWEEPS = {
    "shadow scores": ("shadow_scores", 'digest, topic_id, partition, "offset"', "NULL::timestamptz", OLD_SHADOW),
    "refused records": ("quarantine", 'topic_id, partition, "offset"', "log_time", OLD_QUARANTINE),
    "sent messages": (
        *("outbox", "outbox_id", "created_at"),
        "sent_at IS NOT NULL AND held_at IS NULL AND topic <> %(topic)s AND created_at < %(before)s",
    ),
    "ended sessions": ("dashboard_sessions", "token_hash", "seen_at", "seen_at < %(before)s"),
    "ended tokens": ("api_tokens", "token_id", _ENDED, f"{_ENDED} < %(before)s"),
    "audit lines": ("audit_log", "audit_id", "at", "at < %(before)s"),
    "disclosures": ("disclosures", "disclosure_id", "at", "at < %(before)s"),
    "replays": ("replays", "replay_id", "begun_at", "settled_at IS NOT NULL AND begun_at < %(before)s"),
}
"""By what is told of it: table, its key, the time of its rows, which of them go."""
COUNT = "SELECT count(*), min({time}), max({time}) FROM {table} WHERE {which}"
DELETE_SOME = "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {which} LIMIT %(most)s)"
