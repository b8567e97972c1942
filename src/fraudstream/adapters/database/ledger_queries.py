"""The questions that verification asks the ledger."""

from fraudstream.adapters.database.binary_rows import BIGINT, BOOLEAN, DOUBLE, MOMENT, UUID

COMMIT_TIME = "coalesce(pg_xact_commit_timestamp(slices.xmin), slices.stored_at)"
"""When a slice became visible, exactly; old transactions are forgotten by the server."""
STORING_TIME = "slices.stored_at"
"""Just before a slice became visible; all there is where the server doesn't track commits."""

PENDING = """
SELECT extract(epoch FROM clock_timestamp())::float8,
       (SELECT count(*) FROM outbox WHERE sent_at IS NULL AND held_at IS NULL AND not_before <= clock_timestamp()
            AND created_at <= to_timestamp(coalesce(%s, 'infinity'::float8))),
       (SELECT count(*) FROM alerts WHERE created_at <= to_timestamp(coalesce(%s, 'infinity'::float8))
            AND NOT EXISTS (SELECT FROM notifications WHERE notifications.alert_id = alerts.alert_id)
            AND alert_id NOT IN (
                SELECT (convert_from(value, 'UTF8')::jsonb ->> 'alert_id')::uuid FROM outbox WHERE held_at IS NOT NULL))
"""
NOTIFIED = "SELECT alert_id FROM notifications"
HELD = "SELECT value FROM outbox WHERE held_at IS NOT NULL"
FLAGGED = "SELECT transaction_id, amount FROM scored_transactions WHERE alert"
ALERTS = """
SELECT alert_id, transaction_id, amount, EXISTS (
    SELECT FROM forgotten_ranges AS gone
    WHERE (gone.topic_id, gone.partition) = (alerts.topic_id, alerts.partition) AND alerts."offset" < gone.end_offset)
FROM alerts
"""
"""Each with whether the row of its payment was dropped after its time: then nothing can be compared with it."""
DEPLOYMENTS = "SELECT deployment_id, model_version, digest, catalogue_version, threshold FROM deployments"

SLICE_LAYOUT = dict.fromkeys(("slice_id", "partition", "first_offset", "last_offset", "label_seq"), BIGINT)
SLICE_LAYOUT |= dict.fromkeys(("deployment_id", "rows", "quarantined", "repeats"), BIGINT)
SLICE_LAYOUT |= {"committed_at": MOMENT}
SLICES = """
SELECT slice_id, partition::int8, first_offset, last_offset, label_seq, deployment_id,
       rows::int8, quarantined::int8, repeats::int8, {committed}
FROM slices WHERE topic_id = %s
"""

CUSTOMERS = """
SELECT user_id, count(*) FROM scored_transactions
LEFT JOIN unnest(%s::int[], %s::bigint[]) AS log (partition, first) USING (partition)
WHERE user_id NOT IN (SELECT user_id FROM forgotten_customers)
GROUP BY user_id HAVING bool_and(topic_id = %s AND first IS NOT NULL AND "offset" >= first)
ORDER BY user_id
"""

SCORE_LAYOUT = {
    "offset": BIGINT,
    "slice_id": BIGINT,
    "transaction_id": UUID,
    "body_hash": BIGINT,
    "user_id": BIGINT,
    "event_time": MOMENT,
    "amount": DOUBLE,
    "log_time": MOMENT,
    "score": DOUBLE,
    "alert": BOOLEAN,
}
SCORES = """
SELECT "offset", slice_id, transaction_id, body_hash, user_id, event_time, amount, log_time, score, alert
FROM scored_transactions
WHERE topic_id = %s AND partition = %s AND "offset" >= %s AND "offset" < %s ORDER BY "offset"
"""
VECTORS = """
SELECT "offset", CASE octet_length(features) WHEN %s THEN features ELSE %s END FROM scored_transactions
WHERE topic_id = %s AND partition = %s AND "offset" >= %s AND "offset" < %s AND user_id = ANY(%s::bigint[])
ORDER BY "offset"
"""
QUARANTINED = """
SELECT "offset", reason FROM quarantine
WHERE topic_id = %s AND partition = %s AND "offset" >= %s AND "offset" < %s ORDER BY "offset"
"""
STRANGERS = """
SELECT (SELECT count(*) FROM scored_transactions WHERE topic_id = %s AND partition <> ALL(%s::int[]))
     + (SELECT count(*) FROM quarantine WHERE topic_id = %s AND partition <> ALL(%s::int[]))
"""
BODY_LAYOUT = {"transaction_id": UUID, "body_hash": BIGINT}
BODIES = """
SELECT known.id, coalesce(scored.body_hash, known.body_hash)
FROM transaction_ids AS known LEFT JOIN scored_transactions AS scored USING (topic_id, partition, "offset")
WHERE known.id = ANY(%s::uuid[]) AND (scored.transaction_id = known.id OR EXISTS (
    SELECT FROM forgotten_ranges AS gone
    WHERE (gone.topic_id, gone.partition) = (known.topic_id, known.partition) AND known."offset" < gone.end_offset))
"""
"""An id outlives its row where the row was dropped after its time."""
DUPLICATES = """
SELECT count(*) FROM (SELECT FROM scored_transactions GROUP BY transaction_id HAVING count(*) > 1) AS repeated
"""

INITIAL_STATE = """
SELECT user_id, state FROM initial_customer_state WHERE catalogue_version = %s AND user_id = ANY(%s::bigint[])
"""
INITIAL_CUSTOMER_RISK = """
SELECT user_id, risk FROM initial_customer_risk WHERE catalogue_version = %s AND user_id = ANY(%s::bigint[])
"""
INITIAL_MERCHANT_RISK = """
SELECT merchant_id, risk FROM initial_merchant_risk WHERE catalogue_version = %s AND merchant_id = ANY(%s::bigint[])
"""
MERCHANTS = """
SELECT merchant_id FROM initial_merchant_risk WHERE catalogue_version = %s
UNION SELECT merchant_id FROM labels WHERE merchant_id IS NOT NULL AND label_seq IS NOT NULL ORDER BY 1
"""

LABEL_LAYOUT = {
    "label_seq": BIGINT,
    "transaction_id": UUID,
    "user_id": BIGINT,
    "merchant_id": BIGINT,
    "arrived_at": MOMENT,
    "is_fraud": BOOLEAN,
    "event_time": MOMENT,
    "amount_ratio": DOUBLE,
}
LABELS = """
SELECT label_seq, transaction_id, user_id, coalesce(merchant_id, -1), arrived_at, is_fraud, event_time, amount_ratio,
       coalesce((SELECT earlier.is_fraud::int FROM labels AS earlier
                 WHERE earlier.transaction_id = labels.transaction_id AND earlier.label_seq < labels.label_seq
                 ORDER BY earlier.label_seq + 0 DESC LIMIT 1), -1)::int2
FROM labels WHERE label_seq > %s AND label_seq <= %s ORDER BY label_seq
"""
"""`+ 0`: a planner that knows little of the table would search the index of turns backwards, past every label."""
PAST = """
SELECT label_seq, transaction_id, user_id, coalesce(merchant_id, -1), arrived_at, is_fraud, event_time, amount_ratio
FROM labels WHERE label_seq > %s AND label_seq <= %s
              AND (user_id = ANY(%s::bigint[]) OR merchant_id = ANY(%s::bigint[])) ORDER BY label_seq
"""
FIRST_ALERT = """
SELECT extract(epoch FROM {committed})::float8, extract(epoch FROM scored.log_time)::float8
FROM alerts JOIN scored_transactions AS scored USING (topic_id, partition, "offset")
JOIN slices ON slices.slice_id = alerts.slice_id
WHERE alerts.transaction_id = ANY(%s::uuid[]) ORDER BY 1 LIMIT 1
"""
