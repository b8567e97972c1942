"""An id knows where its payment's row stands, so that scored rows need no second index of random ids.

A scorer of the version before goes on to reserve ids without a place; the next run of this version places them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PLACE_TRANSACTION_IDS = """
CREATE FUNCTION place_transaction_ids() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.transaction_ids AS known
    SET topic_id = scored.topic_id, partition = scored.partition, "offset" = scored."offset"
    FROM public.scored_transactions AS scored
    WHERE known."offset" IS NULL AND scored.transaction_id = known.id
    AND EXISTS (SELECT FROM public.transaction_ids AS unplaced WHERE unplaced."offset" IS NULL)
$$
"""


def upgrade() -> None:
    op.add_column("transaction_ids", sa.Column("topic_id", sa.Uuid(), nullable=True))
    op.add_column("transaction_ids", sa.Column("partition", sa.Integer(), nullable=True))
    op.add_column("transaction_ids", sa.Column("offset", sa.BigInteger(), nullable=True))
    op.create_table_comment(
        "transaction_ids",
        "every id ever scored, reserved before any feature is computed, and where its row stands",
        existing_comment="every id ever scored, reserved before any feature is computed",
    )
    unplaced = sa.text('"offset" IS NULL')
    op.create_index("ix_transaction_ids_unplaced", "transaction_ids", ["id"], postgresql_where=unplaced)
    op.execute(PLACE_TRANSACTION_IDS)
    op.execute("COMMENT ON FUNCTION place_transaction_ids() IS 'tells ids without a place where their rows stand'")
    op.execute("REVOKE ALL ON FUNCTION place_transaction_ids() FROM PUBLIC")
    op.execute("SELECT place_transaction_ids()")
    op.drop_index("ix_scored_transactions_transaction_id", table_name="scored_transactions")


def downgrade() -> None:
    op.create_index("ix_scored_transactions_transaction_id", "scored_transactions", ["transaction_id"])
    op.execute("DROP FUNCTION place_transaction_ids()")
    op.drop_index("ix_transaction_ids_unplaced", table_name="transaction_ids")
    op.drop_column("transaction_ids", "offset")
    op.drop_column("transaction_ids", "partition")
    op.drop_column("transaction_ids", "topic_id")
