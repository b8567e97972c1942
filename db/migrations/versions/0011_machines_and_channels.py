"""Tokens by which machines use the page's API, and what became of alerts on channels beside SNS."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def stamp(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)


def moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def words(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("token_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *words("name", "role"),
        sa.Column("token_hash", sa.CHAR(64), nullable=False),
        *words("created_by"),
        stamp("created_at"),
        moment("expires_at", nullable=False),
        moment("revoked_at"),
        moment("used_at"),
        sa.PrimaryKeyConstraint("token_id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
        comment="by what machines use the API of the analyst's page: the SHA-256 of each token, its role and its end",
    )
    op.create_index(
        "ix_api_tokens_name", "api_tokens", ["name"], unique=True, postgresql_where=sa.text("revoked_at IS NULL")
    )
    op.create_table(
        "alert_deliveries",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        *words("channel"),
        stamp("created_at"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        moment("tried_at"),
        moment("delivered_at"),
        *words("message_id", "error", nullable=True),
        sa.PrimaryKeyConstraint("alert_id", "channel", name="pk_alert_deliveries"),
        comment="what became of each alert on each channel beside SNS: how often it was tried, and the last trouble",
    )


def downgrade() -> None:
    op.drop_table("alert_deliveries")
    op.drop_table("api_tokens")
