"""How far the rebuild of a catalogue version's state is, and a way to hold the labels still while it is switched to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HOLD_LABEL_PROGRESS = """
CREATE FUNCTION hold_label_progress() RETURNS SETOF bigint
LANGUAGE sql SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
    SELECT label_seq FROM public.label_progress FOR SHARE
$$
"""


def upgrade() -> None:
    op.create_table(
        "state_rebuilds",
        sa.Column("catalogue_version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("kernel", sa.BigInteger(), nullable=False),
        sa.Column("label_base", sa.BigInteger(), nullable=False),
        sa.Column("label_seq", sa.BigInteger(), nullable=False),
        sa.Column("slice_label_seq", sa.BigInteger(), nullable=False),
        sa.Column("slice_id", sa.BigInteger(), nullable=False),
        sa.Column("slices", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("positions", postgresql.JSONB(), nullable=False),
        sa.Column(
            "reached_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("catalogue_version", name="pk_state_rebuilds"),
        comment="what the state of a catalogue version contains so far; moved in the commit of the state",
    )
    op.execute(HOLD_LABEL_PROGRESS)
    op.execute(
        "COMMENT ON FUNCTION hold_label_progress() IS "
        "'the last label turn, which stays the last one until the end of the transaction'"
    )
    op.execute("REVOKE ALL ON FUNCTION hold_label_progress() FROM PUBLIC")


def downgrade() -> None:
    op.execute("DROP FUNCTION hold_label_progress()")
    op.drop_table("state_rebuilds")
