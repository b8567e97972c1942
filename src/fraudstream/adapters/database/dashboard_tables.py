"""The tables of the analyst's page: who may sign in, who is signed in, who did what, and who decided about alerts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import CHAR

from fraudstream.adapters.database.columns import metadata, stamp

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("one_time", Boolean, nullable=False),
    Column("disabled_at", DateTime(timezone=True)),
    stamp("created_at"),
    UniqueConstraint("name"),
    comment="people who may sign in to the analyst's page; a one-time secret must be replaced at its first use",
)

dashboard_sessions = Table(
    "dashboard_sessions",
    metadata,
    Column("token_hash", CHAR(64), primary_key=True),
    Column("account_id", BigInteger, nullable=False),
    Column("form_token", Text, nullable=False),
    stamp("created_at"),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Index(None, "account_id"),
    comment="who is signed in to the analyst's page, by the SHA-256 of what the browser holds",
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("audit_id", BigInteger, Identity(always=True), primary_key=True),
    stamp("at"),
    Column("account", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "action", "at"),
    comment="who did what on the analyst's page; nobody who works there may change or delete a line",
)

alert_decisions = Table(
    "alert_decisions",
    metadata,
    Column("decision_id", BigInteger, Identity(always=True), primary_key=True),
    Column("alert_id", Uuid, nullable=False),
    Column("turn", Integer, nullable=False),
    stamp("at"),
    Column("author", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("until", DateTime(timezone=True)),
    Column("settled_at", DateTime(timezone=True)),
    Column("error", Text),
    UniqueConstraint("alert_id", "turn"),
    comment="what people decided about alerts on the analyst's page; a turn is taken once, so the second is told",
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("token_hash", CHAR(64), nullable=False),
    Column("created_by", Text, nullable=False),
    stamp("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    UniqueConstraint("token_hash"),
    Index("ix_api_tokens_name", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
    comment="by what machines use the API of the analyst's page: the SHA-256 of each token, its role and its end",
)

alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("channel", Text, primary_key=True),
    stamp("created_at"),
    Column("attempts", Integer, nullable=False),
    Column("tried_at", DateTime(timezone=True)),
    Column("delivered_at", DateTime(timezone=True)),
    Column("message_id", Text),
    Column("error", Text),
    comment="what became of each alert on each channel beside SNS: how often it was tried, and the last trouble",
)
