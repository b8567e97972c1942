"""The tables of live quality: what alerts were worth as labels arrived, and how far features have drifted."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Double, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from fraudstream.adapters.database.columns import metadata, stamp

live_quality = Table(
    "live_quality",
    metadata,
    Column("day", Date, primary_key=True),
    Column("as_known_on", Date, primary_key=True),
    Column("model_version", Text, primary_key=True),
    Column("payments", BigInteger, nullable=False),
    Column("alerts", BigInteger, nullable=False),
    Column("labelled", BigInteger, nullable=False),
    Column("frauds", BigInteger, nullable=False),
    Column("frauds_alerted", BigInteger, nullable=False),
    Column("genuine_alerted", BigInteger, nullable=False),
    Column("fraud_value", Double, nullable=False),
    Column("caught_value", Double, nullable=False),
    stamp("measured_at"),
    comment="a day's payments (UTC) as their labels told on later days; a row for each day on which something changed",
)

drift_references = Table(
    "drift_references",
    metadata,
    Column("model_version", Text, primary_key=True),
    Column("feature", Text, primary_key=True),
    Column("edges", ARRAY(Double), nullable=False),
    Column("counts", ARRAY(BigInteger), nullable=False),
    Column("begins_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    stamp("stored_at"),
    comment="how each feature and the score were distributed in a model version's first week; never changed",
)

feature_drift = Table(
    "feature_drift",
    metadata,
    Column("day", Date, primary_key=True),
    Column("model_version", Text, primary_key=True),
    Column("feature", Text, primary_key=True),
    Column("psi", Double, nullable=False),
    Column("payments", BigInteger, nullable=False),
    stamp("measured_at"),
    comment="population stability index of a day's payments (UTC) against the model version's first week",
)
