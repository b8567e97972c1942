"""Functions that do with their owner's rights what the scorer's role may not do by itself.

Creating a partition takes the ownership of its table, and locking a row the right to change it.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CREATE_MONTH_OF_SCORES = """
CREATE FUNCTION create_month_of_scores(month timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    IF (month = date_trunc('month', month) AND month BETWEEN '2000-01-01' AND '2999-12-01') IS NOT TRUE THEN
        RAISE invalid_parameter_value
        USING MESSAGE = format('%s is not the first instant of a month, UTC, from 2000 to 2999', month);
    END IF;
    EXECUTE format(
        'CREATE TABLE public.%I PARTITION OF public.scored_transactions FOR VALUES FROM (%L) TO (%L)',
        'scored_transactions_' || to_char(month, 'YYYY_MM'), month, month + interval '1 month'
    );
END
$$
"""
HOLD_ACTIVE_DEPLOYMENT = """
CREATE FUNCTION hold_active_deployment() RETURNS SETOF public.deployments
LANGUAGE sql SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM public.deployments WHERE active FOR SHARE
$$
"""
FUNCTIONS = {
    "create_month_of_scores(timestamptz)": (
        CREATE_MONTH_OF_SCORES,
        "creates the partition of scored_transactions that begins at a month",
    ),
    "hold_active_deployment()": (
        HOLD_ACTIVE_DEPLOYMENT,
        "the active deployment, which stays active until the end of the transaction",
    ),
}


def upgrade() -> None:
    for signature, (definition, comment) in FUNCTIONS.items():
        op.execute(definition)
        op.execute(f"COMMENT ON FUNCTION {signature} IS '{comment}'")
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
