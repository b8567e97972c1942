"""The questions and answers of the label applier's transaction."""

from fraudstream.adapters.database.label_rows import LABEL_COLUMNS, LABEL_TYPES

BASE = """
SELECT label_seq FROM state_versions WHERE catalogue_version = %s
    AND NOT EXISTS (SELECT FROM deployments WHERE active AND catalogue_version <> %s)
"""
"""Labels wait while the state at work is another code's."""
PAYMENTS = """
SELECT transaction_id, user_id, merchant_id, extract(epoch FROM event_time)::float8, amount, amount_ratio, NULL
FROM history_transactions WHERE transaction_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT transaction_id, user_id, merchant_id, extract(epoch FROM event_time)::float8, amount, NULL,
       substring(features FROM %(first)s FOR 8)
FROM transaction_ids AS known JOIN scored_transactions AS scored USING (topic_id, partition, "offset")
WHERE known.id = ANY(%(ids)s::uuid[])
"""
OUTCOMES = """
SELECT DISTINCT ON (transaction_id) transaction_id, is_fraud FROM labels
WHERE transaction_id = ANY(%s::uuid[]) AND label_seq IS NOT NULL ORDER BY transaction_id, label_seq DESC
"""
WORK_ALERTS = """
UPDATE alerts SET status = said.status FROM unnest(%s::uuid[], %s::text[]) AS said(transaction_id, status)
WHERE alerts.transaction_id = said.transaction_id AND alerts.status <> said.status
"""
WAITING = f"""
SELECT {LABEL_COLUMNS} FROM labels
WHERE label_seq IS NULL AND transaction_id = ANY(%s::uuid[]) ORDER BY stored_at, partition, "offset"
"""  # noqa: S608 - a constant list of columns
RELEASED_ANYWHERE = f"""
SELECT {LABEL_COLUMNS} FROM labels
WHERE label_seq IS NULL AND (
    EXISTS (SELECT FROM transaction_ids AS known JOIN scored_transactions USING (topic_id, partition, "offset")
            WHERE known.id = labels.transaction_id)
    OR EXISTS (SELECT FROM history_transactions AS old WHERE old.transaction_id = labels.transaction_id))
ORDER BY stored_at, partition, "offset" LIMIT %s
"""  # noqa: S608 - same
RELEASED_BY = f"""
SELECT {LABEL_COLUMNS}, stored_at FROM labels
WHERE label_seq IS NULL AND transaction_id IN (
    SELECT transaction_id FROM scored_transactions
    WHERE topic_id = %s AND partition = %s AND "offset" >= %s AND "offset" < %s)
"""  # noqa: S608 - same
PAST = """
SELECT label_seq, transaction_id, user_id, coalesce(merchant_id, -1), extract(epoch FROM arrived_at)::float8,
       is_fraud, extract(epoch FROM event_time)::float8, amount_ratio
FROM labels WHERE label_seq > %s AND (user_id = ANY(%s) OR merchant_id = ANY(%s)) ORDER BY label_seq
"""
RISK = {
    ("user_id", False): "SELECT user_id, risk FROM customer_risk",
    ("user_id", True): "SELECT user_id, risk FROM initial_customer_risk",
    ("merchant_id", False): "SELECT merchant_id, risk FROM merchant_risk",
    ("merchant_id", True): "SELECT merchant_id, risk FROM initial_merchant_risk",
}
PUT_CUSTOMERS = """
INSERT INTO customer_risk (catalogue_version, user_id, risk)
SELECT %s, user_id, risk FROM unnest(%s::bigint[], %s::bytea[]) AS moved (user_id, risk)
ON CONFLICT (catalogue_version, user_id) DO UPDATE SET risk = excluded.risk
"""
PUT_MERCHANTS = """
INSERT INTO merchant_risk (catalogue_version, merchant_id, risk)
SELECT %s, merchant_id, risk FROM unnest(%s::bigint[], %s::bytea[]) AS moved (merchant_id, risk)
ON CONFLICT (catalogue_version, merchant_id) DO UPDATE SET risk = excluded.risk
"""
PUT_LABELS = f"""
INSERT INTO labels ({LABEL_COLUMNS})
SELECT * FROM unnest({", ".join(f"%s::{kind}[]" for kind in LABEL_TYPES)})
ON CONFLICT (topic_id, partition, "offset") DO UPDATE SET
    label_seq = excluded.label_seq, user_id = excluded.user_id, merchant_id = excluded.merchant_id,
    event_time = excluded.event_time, amount = excluded.amount, amount_ratio = excluded.amount_ratio
"""  # noqa: S608 - same
REFUSE = """
INSERT INTO quarantine (topic_id, partition, "offset", topic, reason, detail, raw, raw_size, log_time) VALUES %s
"""
ADVANCE = """
INSERT INTO positions (topic_id, partition, topic, next_offset, epoch) VALUES %s
ON CONFLICT (topic_id, partition) DO UPDATE SET next_offset = excluded.next_offset
"""
