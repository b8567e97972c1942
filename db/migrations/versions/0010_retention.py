"""What was deleted on purpose, and the function that drops a month of scored rows."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DROP_MONTH_OF_SCORES = """
CREATE FUNCTION drop_month_of_scores(month timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    dropped bigint;
BEGIN
    IF (month = date_trunc('month', month) AND month BETWEEN '2000-01-01' AND '2999-12-01') IS NOT TRUE THEN
        RAISE invalid_parameter_value
        USING MESSAGE = format('%s is not the first instant of a month, UTC, from 2000 to 2999', month);
    END IF;
    IF month + interval '1 month 30 days' > clock_timestamp() THEN
        RAISE invalid_parameter_value USING MESSAGE = format('the month of %s has not been over for 30 days', month);
    END IF;
    INSERT INTO public.forgotten_customers
    SELECT DISTINCT user_id FROM public.scored_transactions
    WHERE log_time >= month AND log_time < month + interval '1 month'
    ON CONFLICT DO NOTHING;
    INSERT INTO public.forgotten_ranges (topic_id, partition, begins_at, ends_at, end_offset, rows)
    SELECT topic_id, partition, month, month + interval '1 month', max("offset") + 1, count(*)
    FROM public.scored_transactions
    WHERE log_time >= month AND log_time < month + interval '1 month'
    GROUP BY topic_id, partition
    ON CONFLICT (topic_id, partition, begins_at) DO UPDATE
    SET end_offset = greatest(forgotten_ranges.end_offset, excluded.end_offset), ids_forgotten_at = NULL,
        rows = forgotten_ranges.rows + excluded.rows;
    SELECT coalesce(sum(rows), 0) INTO dropped FROM public.forgotten_ranges WHERE begins_at = month;
    EXECUTE format('DROP TABLE public.%I', 'scored_transactions_' || to_char(month, 'YYYY_MM'));
    RETURN dropped;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "forgotten_ranges",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_offset", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column(
            "forgotten_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("ids_forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("topic_id", "partition", "begins_at", name="pk_forgotten_ranges"),
        comment="months of scored rows that were dropped: everything of that log below end_offset is gone",
    )
    op.create_table(
        "forgotten_customers",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_forgotten_customers"),
        comment="customers with scored rows that were dropped: nothing can be recomputed for them from the beginning",
    )
    op.execute(DROP_MONTH_OF_SCORES)
    op.execute("COMMENT ON FUNCTION drop_month_of_scores(timestamptz) IS 'drops a month of scores that is long over'")
    op.execute("REVOKE ALL ON FUNCTION drop_month_of_scores(timestamptz) FROM PUBLIC")


def downgrade() -> None:
    op.execute("DROP FUNCTION drop_month_of_scores(timestamptz)")
    op.drop_table("forgotten_customers")
    op.drop_table("forgotten_ranges")
