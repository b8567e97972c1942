"""The initial schema: the ledger, the results, the models, the state and the labels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TRANSACTION_ID_PARTITIONS = 8
STATE_TABLES = {
    "customer_state": ("user_id", "state", "float64 rows, moved by the scorer"),
    "customer_risk": ("user_id", "risk", "float64 rows, moved by the label applier"),
    "merchant_risk": ("merchant_id", "risk", "float64 rows, moved by the label applier"),
    "initial_customer_state": ("user_id", "state", "where the log began; never changed"),
    "initial_customer_risk": ("user_id", "risk", "where the log began; never changed"),
    "initial_merchant_risk": ("merchant_id", "risk", "where the log began; never changed"),
}
TABLES = (
    "runs",
    "positions",
    "slices",
    "transaction_ids",
    "scored_transactions",
    "alerts",
    "quarantine",
    "outbox",
    "notifications",
    "model_artefacts",
    "deployments",
    "labels",
    "label_progress",
    "history_transactions",
    "state_versions",
    *STATE_TABLES,
)


def upgrade() -> None:
    create_ledger()
    create_results()
    create_models()
    create_state()
    create_labels()


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)


def stamp(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)


def create_ledger() -> None:
    op.create_table(
        "runs",
        sa.Column("epoch", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        stamp("started_at"),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("epoch", name="pk_runs"),
        comment="every start of a scorer on a log; the newest epoch owns it",
    )
    op.create_table(
        "positions",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic_id", "partition", name="pk_positions"),
        comment="where each log stands; a recreated topic has another id and is another log",
    )
    op.create_table(
        "slices",
        sa.Column("slice_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("first_offset", sa.BigInteger(), nullable=False),
        sa.Column("last_offset", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("label_seq", sa.BigInteger(), nullable=False),
        sa.Column("deployment_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("catalogue_version", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        stamp("stored_at"),
        sa.PrimaryKeyConstraint("slice_id", name="pk_slices"),
        comment="the recorded order: slice_id, then offset",
    )
    op.create_index("ix_slices_topic_id_partition_first_offset", "slices", ["topic_id", "partition", "first_offset"])
    op.create_table(
        "transaction_ids",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_hash", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transaction_ids"),
        comment="every id ever scored, reserved before any feature is computed",
        postgresql_partition_by="HASH (id)",
    )
    for number in range(TRANSACTION_ID_PARTITIONS):
        op.execute(
            f"CREATE TABLE transaction_ids_{number} PARTITION OF transaction_ids"
            f" FOR VALUES WITH (MODULUS {TRANSACTION_ID_PARTITIONS}, REMAINDER {number})"
        )


def create_results() -> None:
    op.create_table(
        "scored_transactions",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("log_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slice_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("body_hash", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("merchant_category", sa.SmallInteger(), nullable=False),
        sa.Column("location", sa.SmallInteger(), nullable=False),
        sa.Column("payment_method", sa.SmallInteger(), nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.SmallInteger(), nullable=True),
        sa.Column("currency", sa.CHAR(length=3), nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("alert", sa.Boolean(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("topic_id", "partition", "offset", "log_time", name="pk_scored_transactions"),
        comment="one row for each scored record; small integers index the contract's value lists, features are float64",
        postgresql_partition_by="RANGE (log_time)",
    )
    op.create_index("ix_scored_transactions_transaction_id", "scored_transactions", ["transaction_id"])
    op.create_index("ix_scored_transactions_user_id_slice_id", "scored_transactions", ["user_id", "slice_id"])
    op.execute("CREATE TABLE scored_transactions_default PARTITION OF scored_transactions DEFAULT")
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("slice_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alerts"),
        sa.UniqueConstraint("transaction_id", name="uq_alerts_transaction_id"),
        comment="payments that their model's policy raised; the decision is final, the status is the analyst's",
    )
    op.create_index("ix_alerts_created_at", "alerts", ["created_at"])
    op.create_index("ix_alerts_user_id", "alerts", ["user_id"])
    op.create_table(
        "quarantine",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("slice_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("raw_size", sa.Integer(), nullable=False),
        sa.Column("log_time", sa.DateTime(timezone=True), nullable=False),
        stamp("stored_at"),
        sa.PrimaryKeyConstraint("topic_id", "partition", "offset", name="pk_quarantine"),
        comment="records that could not be scored; raw is masked and bounded",
    )
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_outbox"),
        comment="messages whose fact is committed and which the relay has still to publish, or has published",
    )
    op.create_index(
        "ix_outbox_unsent", "outbox", ["not_before", "outbox_id"], postgresql_where=sa.text("sent_at IS NULL")
    )
    op.create_table(
        "notifications",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        stamp("received_at"),
        sa.PrimaryKeyConstraint("message_id", name="pk_notifications"),
        comment="what reached the subscriber, as the notification inbox saw it",
    )
    op.create_index("ix_notifications_alert_id", "notifications", ["alert_id"])


def create_models() -> None:
    op.create_table(
        "model_artefacts",
        sa.Column("digest", sa.CHAR(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        stamp("stored_at"),
        sa.PrimaryKeyConstraint("digest", name="pk_model_artefacts"),
        comment="scoring artefacts by SHA-256: arrays, no code",
    )
    op.create_table(
        "deployments",
        sa.Column("deployment_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("digest", sa.CHAR(length=64), nullable=False),
        sa.Column("catalogue_version", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        stamp("activated_at"),
        sa.PrimaryKeyConstraint("deployment_id", name="pk_deployments"),
        comment="every promotion; the active row is what the next slice scores with",
    )
    op.create_index("uq_deployments_active", "deployments", ["active"], unique=True, postgresql_where=sa.text("active"))


def create_state() -> None:
    for name, (key, value, comment) in STATE_TABLES.items():
        op.create_table(
            name,
            sa.Column("catalogue_version", sa.Integer(), nullable=False),
            sa.Column(key, sa.BigInteger(), nullable=False),
            sa.Column(value, sa.LargeBinary(), nullable=False),
            sa.PrimaryKeyConstraint("catalogue_version", key, name=f"pk_{name}"),
            comment=comment,
            postgresql_with={"fillfactor": "70"},
        )
        op.execute(f"ALTER TABLE {name} ALTER COLUMN {value} SET STORAGE PLAIN")
    op.create_table(
        "state_versions",
        sa.Column("catalogue_version", sa.Integer(), nullable=False),
        sa.Column("as_of_positions", postgresql.JSONB(), nullable=False),
        sa.Column("label_seq", sa.BigInteger(), nullable=False),
        stamp("built_at"),
        sa.PrimaryKeyConstraint("catalogue_version", name="pk_state_versions"),
        comment="what each catalogue version's state was built from",
    )


def create_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("label_seq", sa.BigInteger(), nullable=True),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("is_fraud", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("amount_ratio", sa.Double(), nullable=True),
        stamp("stored_at"),
        sa.PrimaryKeyConstraint("topic_id", "partition", "offset", name="pk_labels"),
        sa.UniqueConstraint("label_seq", name="uq_labels_label_seq"),
        comment="every label; label_seq is its turn, or empty while its payment has not been scored",
    )
    op.create_index("ix_labels_merchant_id", "labels", ["merchant_id"])
    op.create_index("ix_labels_transaction_id", "labels", ["transaction_id"])
    op.create_index("ix_labels_user_id", "labels", ["user_id"])
    op.create_index("ix_labels_waiting", "labels", ["transaction_id"], postgresql_where=sa.text("label_seq IS NULL"))
    op.create_table(
        "label_progress",
        sa.Column("only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("label_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("only", name="pk_label_progress"),
        comment="one row: the last label_seq whose effect stands in the risk tables",
    )
    op.execute("INSERT INTO label_progress DEFAULT VALUES")
    op.create_table(
        "history_transactions",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("amount_ratio", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_id", name="pk_history_transactions"),
        comment="payments older than the log whose label may still arrive",
    )
