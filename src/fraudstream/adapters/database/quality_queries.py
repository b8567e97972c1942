"""The questions that live quality asks: sums, each over the rows of one day."""

HORIZON = """
SELECT (SELECT max(event_time) FROM positions CROSS JOIN LATERAL (
            SELECT event_time FROM scored_transactions AS scored
            WHERE scored.topic_id = positions.topic_id AND scored.partition = positions.partition
            ORDER BY "offset" DESC LIMIT %(newest)s) AS recent),
       (SELECT max(arrived_at) FROM (
            SELECT arrived_at FROM labels WHERE label_seq IS NOT NULL
            ORDER BY label_seq DESC LIMIT %(newest)s) AS recent),
       (SELECT coalesce(json_agg(json_build_array(topic_id, partition, next_offset) ORDER BY topic_id, partition), '[]')
        FROM positions),
       (SELECT coalesce(max(label_seq), 0) FROM labels)
"""
"""The newest payments are the last of each partition: where a log ends, there is its time."""

POSITIONS = "SELECT topic_id, partition, next_offset FROM positions"
SCORED_DAYS = """
SELECT DISTINCT (event_time AT TIME ZONE 'UTC')::date FROM scored_transactions
WHERE topic_id = %s AND partition = %s AND "offset" >= %s AND "offset" < %s
"""
LABELLED_DAYS = """
SELECT DISTINCT (event_time AT TIME ZONE 'UTC')::date FROM labels WHERE label_seq > %s AND event_time IS NOT NULL
"""
"""Offsets and turns are safe to go on from: both move in the commit of their rows."""

PAYMENTS = """
WITH of_day AS MATERIALIZED (
    SELECT slice_id, count(*) AS payments, count(*) FILTER (WHERE alert) AS alerts
    FROM scored_transactions WHERE event_time >= %(begins)s AND event_time < %(ends)s GROUP BY slice_id
)
SELECT model_version, sum(payments)::int8, sum(alerts)::int8 FROM of_day JOIN slices USING (slice_id)
WHERE slice_id BETWEEN (SELECT min(slice_id) FROM of_day) AND (SELECT max(slice_id) FROM of_day)
GROUP BY model_version ORDER BY model_version
"""

CHANGES = """
WITH turned AS (
    SELECT transaction_id, is_fraud, greatest(arrived_at, %(begins)s) AS arrived_at,
           lag(is_fraud) OVER (PARTITION BY transaction_id ORDER BY arrived_at, label_seq) AS before
    FROM labels WHERE label_seq IS NOT NULL
    AND event_time >= %(begins)s - interval '1 second' AND event_time < %(ends)s + interval '1 second'
), moved AS (
    SELECT slice_id, (arrived_at AT TIME ZONE 'UTC')::date AS arrived_on, alert,
           (before IS NULL)::int AS labelled,
           is_fraud::int - coalesce(before::int, 0) AS frauds,
           (NOT is_fraud)::int - coalesce((NOT before)::int, 0) AS genuine,
           round(amount::numeric * 100)::int8 AS cents
    FROM turned JOIN transaction_ids AS known ON known.id = transaction_id
    JOIN scored_transactions AS scored USING (topic_id, partition, "offset")
    WHERE scored.event_time >= %(begins)s AND scored.event_time < %(ends)s
), of_day AS MATERIALIZED (
    SELECT slice_id, arrived_on, sum(labelled) AS labelled, sum(frauds) AS frauds,
           coalesce(sum(frauds) FILTER (WHERE alert), 0) AS frauds_alerted,
           coalesce(sum(genuine) FILTER (WHERE alert), 0) AS genuine_alerted,
           sum(frauds * cents) AS fraud_cents,
           coalesce(sum(frauds * cents) FILTER (WHERE alert), 0) AS caught_cents
    FROM moved GROUP BY slice_id, arrived_on
)
SELECT model_version, arrived_on, sum(labelled)::int8, sum(frauds)::int8, sum(frauds_alerted)::int8,
       sum(genuine_alerted)::int8, sum(fraud_cents)::int8, sum(caught_cents)::int8
FROM of_day JOIN slices USING (slice_id)
WHERE slice_id BETWEEN (SELECT min(slice_id) FROM of_day) AND (SELECT max(slice_id) FROM of_day)
GROUP BY model_version, arrived_on ORDER BY model_version, arrived_on
"""
"""A label's own copy of its payment's time finds it; the payment's decides about its day."""

FIRST_SLICE = """
SELECT topic_id, partition, first_offset, last_offset FROM slices
WHERE model_version = %s AND rows > 0 ORDER BY slice_id LIMIT 1
"""
BEGAN_AT = """
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY event_time) FROM scored_transactions
WHERE topic_id = %s AND partition = %s AND "offset" BETWEEN %s AND %s
"""
"""Asked with the slice's own numbers: joined with it, the planner would not know how short it is."""
SAMPLE = """
SELECT score, features FROM scored_transactions AS scored
WHERE event_time >= %s AND event_time < %s AND abs(body_hash %% %s) = 0 AND octet_length(features) = %s
AND EXISTS (SELECT FROM slices WHERE slices.slice_id = scored.slice_id
            AND slices.model_version = %s AND slices.catalogue_version = %s)
"""

REFERENCE = """
SELECT feature, edges, counts, begins_at, ends_at FROM drift_references WHERE model_version = %s ORDER BY feature
"""
PUT_REFERENCE = """
INSERT INTO drift_references (model_version, feature, edges, counts, begins_at, ends_at) VALUES %s
ON CONFLICT (model_version, feature) DO NOTHING
"""
PUT_QUALITY = """
INSERT INTO live_quality (day, as_known_on, model_version, payments, alerts, labelled, frauds, frauds_alerted,
                          genuine_alerted, fraud_value, caught_value) VALUES %s
ON CONFLICT (day, as_known_on, model_version) DO UPDATE SET
    payments = excluded.payments, alerts = excluded.alerts, labelled = excluded.labelled, frauds = excluded.frauds,
    frauds_alerted = excluded.frauds_alerted, genuine_alerted = excluded.genuine_alerted,
    fraud_value = excluded.fraud_value, caught_value = excluded.caught_value, measured_at = clock_timestamp()
"""
PUT_DRIFT = """
INSERT INTO feature_drift (day, model_version, feature, psi, payments) VALUES %s
ON CONFLICT (day, model_version, feature) DO UPDATE SET
    psi = excluded.psi, payments = excluded.payments, measured_at = clock_timestamp()
"""
STORED_QUALITY = """
SELECT day, as_known_on, model_version, payments, alerts, labelled, frauds, frauds_alerted, genuine_alerted,
       fraud_value, caught_value
FROM live_quality WHERE day BETWEEN %s AND %s ORDER BY day, as_known_on, model_version
"""
STORED_DRIFT = """
SELECT day, model_version, feature, psi, payments
FROM feature_drift WHERE day BETWEEN %s AND %s ORDER BY day, model_version, feature
"""
