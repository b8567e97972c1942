"""Live quality and drift, and alerts that the relay holds back when their hour is full."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNSENT = "sent_at IS NULL"
WAITING = "sent_at IS NULL AND held_at IS NULL"
BLOCKS = {"pages_per_range": "32", "autosummarize": "on"}


def stamp(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)


def index_unsent(condition: str) -> None:
    op.create_index("ix_outbox_unsent", "outbox", ["not_before", "outbox_id"], postgresql_where=sa.text(condition))


def upgrade() -> None:
    create_quality()
    create_drift()
    op.add_column("outbox", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_outbox_unsent", table_name="outbox")
    index_unsent(WAITING)
    op.create_index(
        "ix_outbox_held", "outbox", ["not_before", "outbox_id"], postgresql_where=sa.text("held_at IS NOT NULL")
    )
    op.create_table(
        "alert_windows",
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("begins_at", name="pk_alert_windows"),
        comment="how many alerts the relay has published of each hour's budget",
    )
    for table in ("scored_transactions", "labels"):
        op.create_index(
            f"ix_{table}_event_time", table, ["event_time"], postgresql_using="brin", postgresql_with=BLOCKS
        )


def downgrade() -> None:
    for table in ("scored_transactions", "labels"):
        op.drop_index(f"ix_{table}_event_time", table_name=table)
    op.drop_table("alert_windows")
    op.drop_index("ix_outbox_held", table_name="outbox")
    op.drop_index("ix_outbox_unsent", table_name="outbox")
    op.drop_column("outbox", "released_at")
    op.drop_column("outbox", "held_at")
    index_unsent(UNSENT)
    for table in ("feature_drift", "drift_references", "live_quality"):
        op.drop_table(table)


def create_quality() -> None:
    op.create_table(
        "live_quality",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("as_known_on", sa.Date(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("alerts", sa.BigInteger(), nullable=False),
        sa.Column("labelled", sa.BigInteger(), nullable=False),
        sa.Column("frauds", sa.BigInteger(), nullable=False),
        sa.Column("frauds_alerted", sa.BigInteger(), nullable=False),
        sa.Column("genuine_alerted", sa.BigInteger(), nullable=False),
        sa.Column("fraud_value", sa.Double(), nullable=False),
        sa.Column("caught_value", sa.Double(), nullable=False),
        stamp("measured_at"),
        sa.PrimaryKeyConstraint("day", "as_known_on", "model_version", name="pk_live_quality"),
        comment="a day's payments (UTC) as their labels told on later days;"
        " a row for each day on which something changed",
    )


def create_drift() -> None:
    op.create_table(
        "drift_references",
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("edges", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("counts", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        stamp("stored_at"),
        sa.PrimaryKeyConstraint("model_version", "feature", name="pk_drift_references"),
        comment="how each feature and the score were distributed in a model version's first week; never changed",
    )
    op.create_table(
        "feature_drift",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("psi", sa.Double(), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        stamp("measured_at"),
        sa.PrimaryKeyConstraint("day", "model_version", "feature", name="pk_feature_drift"),
        comment="population stability index of a day's payments (UTC) against the model version's first week",
    )
