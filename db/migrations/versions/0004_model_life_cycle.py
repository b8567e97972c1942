"""Challengers that score beside the deployed model, and a record of every decision about a model."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EVERY_PROMOTION = "every promotion; the active row is what the next slice scores with"
EVERY_CHANGE = "every promotion and every way back (`restores`); the active row is what the next slice scores with"


def stamp(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)


def number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), sa.Identity(always=True), nullable=False)


def upgrade() -> None:
    op.add_column("deployments", sa.Column("restores", sa.BigInteger(), nullable=True))
    op.create_table_comment("deployments", EVERY_CHANGE, existing_comment=EVERY_PROMOTION)
    op.create_table(
        "challengers",
        number("challenger_id"),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("catalogue_version", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        stamp("started_at"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("challenger_id", name="pk_challengers"),
        comment="models tried on live payments beside the deployed one; the active row scores with the next slice",
    )
    op.create_index("uq_challengers_active", "challengers", ["active"], unique=True, postgresql_where=sa.text("active"))
    op.create_table(
        "shadow_scores",
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "topic_id", "partition", "offset", name="pk_shadow_scores"),
        comment="what a challenger would have said of a scored payment; nothing acts on it",
    )
    op.create_table(
        "model_decisions",
        number("decision_id"),
        stamp("at"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("previous_version", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_model_decisions"),
        comment="who decided what about a model, and why; written in the commit of what it changed",
    )


def downgrade() -> None:
    for table in ("model_decisions", "shadow_scores", "challengers"):
        op.drop_table(table)
    op.create_table_comment("deployments", EVERY_PROMOTION, existing_comment=EVERY_CHANGE)
    op.drop_column("deployments", "restores")
