"""The tables of the models: which one scores, and with what."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Identity, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import CHAR

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
    stamp("activated_at"),
    Index("uq_deployments_active", "active", unique=True, postgresql_where=text("active")),
    comment="every promotion; the active row is what the next slice scores with",
)
