"""Who may sign in to the analyst's page, who is signed in, who did what, and who decided about alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def stamp(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)


def moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), sa.Identity(always=True), nullable=False)


def words(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "accounts",
        number("account_id"),
        *words("name", "role", "password_hash"),
        sa.Column("one_time", sa.Boolean(), nullable=False),
        moment("disabled_at"),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("account_id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
        comment="people who may sign in to the analyst's page; a one-time secret must be replaced at its first use",
    )
    op.create_table(
        "dashboard_sessions",
        sa.Column("token_hash", sa.CHAR(64), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        *words("form_token"),
        stamp("created_at"),
        moment("seen_at", nullable=False),
        moment("ended_at"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_dashboard_sessions"),
        comment="who is signed in to the analyst's page, by the SHA-256 of what the browser holds",
    )
    op.create_index("ix_dashboard_sessions_account_id", "dashboard_sessions", ["account_id"])
    op.create_table(
        "audit_log",
        number("audit_id"),
        stamp("at"),
        *words("account", "address", "action", "about", "detail"),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit_log"),
        comment="who did what on the analyst's page; nobody who works there may change or delete a line",
    )
    op.create_index("ix_audit_log_action_at", "audit_log", ["action", "at"])
    op.create_table(
        "alert_decisions",
        number("decision_id"),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        stamp("at"),
        *words("author", "outcome", "note"),
        moment("until"),
        moment("settled_at"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("decision_id", name="pk_alert_decisions"),
        sa.UniqueConstraint("alert_id", "turn", name="uq_alert_decisions_alert_id_turn"),
        comment="what people decided about alerts on the analyst's page; a turn is taken once, so the second is told",
    )


def downgrade() -> None:
    for table in ("alert_decisions", "audit_log", "dashboard_sessions", "accounts"):
        op.drop_table(table)
