"""What a person sent again, and who has seen unmasked bytes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def stamp(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)


def number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), sa.Identity(always=True), nullable=False)


def signature() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )


def place() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "replays",
        number("replay_id"),
        *place(),
        sa.Column("attempt", sa.Integer(), nullable=False),
        *signature(),
        sa.Column("repair", sa.Text(), nullable=False),
        sa.Column("value_hash", sa.CHAR(32), nullable=False),
        stamp("begun_at"),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_topic", sa.Text(), nullable=True),
        sa.Column("sent_topic_id", sa.Uuid(), nullable=True),
        sa.Column("sent_partition", sa.Integer(), nullable=True),
        sa.Column("sent_offset", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("replay_id", name="pk_replays"),
        sa.UniqueConstraint("topic_id", "partition", "offset", "attempt", name="uq_replays_attempt"),
        comment="records that a person sent again: written down before they are sent, settled when the broker has "
        "answered",
    )
    op.create_index("ix_replays_sent", "replays", ["sent_topic_id", "sent_partition", "sent_offset"])
    op.create_table(
        "disclosures",
        number("disclosure_id"),
        stamp("at"),
        *signature(),
        *place(),
        sa.PrimaryKeyConstraint("disclosure_id", name="pk_disclosures"),
        comment="who has seen the unmasked bytes of a record, and why; written before they are shown",
    )


def downgrade() -> None:
    op.drop_table("disclosures")
    op.drop_table("replays")
