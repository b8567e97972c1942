"""The questions about one payment."""

PAYMENT = """
SELECT coalesce(positions.topic, ''), scored.topic_id::text, scored.partition, scored."offset", scored.log_time,
       scored.user_id, scored.event_time, scored.amount, merchant_category, location, payment_method, merchant_id,
       device_id, channel, currency, score, alert, slices.slice_id, slices.label_seq, {committed}, features,
       deployments.deployment_id, deployments.model_version, deployments.digest, deployments.catalogue_version,
       deployments.threshold
FROM transaction_ids AS known JOIN scored_transactions AS scored USING (topic_id, partition, "offset")
JOIN slices ON slices.slice_id = scored.slice_id
JOIN deployments ON deployments.deployment_id = slices.deployment_id
LEFT JOIN positions ON positions.topic_id = scored.topic_id AND positions.partition = scored.partition
WHERE known.id = %s ORDER BY scored.slice_id LIMIT 1
"""
EARLIER = """
SELECT features FROM scored_transactions AS scored JOIN slices ON slices.slice_id = scored.slice_id
WHERE scored.user_id = %(user_id)s AND (scored.slice_id, scored."offset") < (%(slice_id)s, %(offset)s)
    AND slices.catalogue_version = %(catalogue_version)s
ORDER BY scored.slice_id DESC, scored."offset" DESC LIMIT %(most)s
"""
HISTORICAL = "SELECT user_id, event_time FROM history_transactions WHERE transaction_id = %s"

KNOWN = {
    key: f"""
SELECT (SELECT risk FROM initial_{table} WHERE catalogue_version = %(catalogue_version)s AND {key} = %(key)s),
       count(*), count(*) FILTER (WHERE is_fraud)
FROM (SELECT DISTINCT ON (transaction_id) is_fraud FROM labels
      WHERE {key} = %(key)s AND label_seq <= %(label_seq)s AND label_seq > coalesce(
          (SELECT label_seq FROM state_versions WHERE catalogue_version = %(catalogue_version)s), 0)
      ORDER BY transaction_id, label_seq DESC) AS known
"""  # noqa: S608 - constant names
    for key, table in (("user_id", "customer_risk"), ("merchant_id", "merchant_risk"))
}
"""Of each payment the newest outcome by a turn counts, as in the risk rows."""

ALERT = "SELECT alert_id::text, threshold, reasons::text, created_at FROM alerts WHERE transaction_id = %s"
RELAYED = """
SELECT held_at, released_at, sent_at FROM outbox
WHERE topic = %(topic)s AND key = %(key)s AND position(convert_to(%(alert_id)s, 'UTF8') IN value) > 0
ORDER BY outbox_id
"""
NOTIFIED = "SELECT message_id, received_at FROM notifications WHERE alert_id = %s ORDER BY received_at, message_id"

REFUSED = """
SELECT topic, topic_id::text, partition, "offset", log_time, reason, detail FROM quarantine
WHERE position(%(canonical)s IN raw) > 0 OR position(%(upper)s IN raw) > 0 OR position(%(hex)s IN raw) > 0
    OR (reason = 'conflicting_id' AND right(detail, 36) = %(id)s)
ORDER BY log_time, partition, "offset" LIMIT 20
"""
