"""The ledger of the archive: which object holds which part of a log, and what no object will ever hold."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def stamp(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "archive_files",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_offset", sa.BigInteger(), nullable=False),
        sa.Column("last_offset", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.CHAR(64), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        stamp("archived_at"),
        sa.PrimaryKeyConstraint("path", name="pk_archive_files"),
        sa.UniqueConstraint(
            "topic_id",
            "partition",
            "zone",
            "first_offset",
            name="uq_archive_files_topic_id_partition_zone_first_offset",
        ),
        comment="complete objects of the archive, each a range of one log; an object that is not here does not count",
    )
    op.create_index("ix_archive_files_day_topic_id_partition", "archive_files", ["day", "topic_id", "partition"])
    op.create_index(
        "ix_archive_files_unlisted",
        "archive_files",
        ["topic_id", "partition"],
        postgresql_where=sa.text("listed_at IS NULL"),
    )
    op.create_table(
        "archive_gaps",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("first_offset", sa.BigInteger(), nullable=False),
        sa.Column("last_offset", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        stamp("found_at"),
        sa.PrimaryKeyConstraint("topic_id", "partition", "first_offset", name="pk_archive_gaps"),
        comment="records that the broker forgot before they were archived; their scores are archived all the same",
    )


def downgrade() -> None:
    op.drop_table("archive_gaps")
    op.drop_table("archive_files")
