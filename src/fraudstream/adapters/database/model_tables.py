"""The tables of the models: which one scores, which one is tried beside it, and who decided so."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import CHAR, JSONB

from fraudstream.adapters.database.columns import metadata, stamp

model_artefacts = Table(
    "model_artefacts",
    metadata,
    Column("digest", CHAR(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    stamp("stored_at"),
    comment="scoring artefacts by SHA-256: arrays, no code",
)

deployments = Table(
    "deployments",
    metadata,
    Column("deployment_id", BigInteger, Identity(always=True), primary_key=True),
    Column("model_name", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("digest", CHAR(64), nullable=False),
    Column("catalogue_version", Integer, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("restores", BigInteger),
    stamp("activated_at"),
    Index("uq_deployments_active", "active", unique=True, postgresql_where=text("active")),
    comment="every promotion and every way back (`restores`); the active row is what the next slice scores with",
)

challengers = Table(
    "challengers",
    metadata,
    Column("challenger_id", BigInteger, Identity(always=True), primary_key=True),
    Column("model_name", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("digest", CHAR(64), nullable=False),
    Column("catalogue_version", Integer, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    stamp("started_at"),
    Column("ended_at", DateTime(timezone=True)),
    Index("uq_challengers_active", "active", unique=True, postgresql_where=text("active")),
    comment="models tried on live payments beside the deployed one; the active row scores with the next slice",
)

shadow_scores = Table(
    "shadow_scores",
    metadata,
    Column("digest", CHAR(64), primary_key=True),
    Column("topic_id", Uuid, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("score", Double, nullable=False),
    comment="what a challenger would have said of a scored payment; nothing acts on it",
)

model_decisions = Table(
    "model_decisions",
    metadata,
    Column("decision_id", BigInteger, Identity(always=True), primary_key=True),
    stamp("at"),
    Column("action", Text, nullable=False),
    Column("model_name", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("previous_version", Text),
    Column("author", Text, nullable=False),
    Column("role", Text, nullable=False, server_default=text("SESSION_USER")),
    Column("reason", Text, nullable=False),
    Column("figures", JSONB, nullable=False),
    comment="who decided what about a model, and why; written in the commit of what it changed",
)
