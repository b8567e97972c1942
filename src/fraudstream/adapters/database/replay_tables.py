"""The tables of what a person did with records that were refused or not delivered."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import CHAR

from fraudstream.adapters.database.columns import metadata, stamp

replays = Table(
    "replays",
    metadata,
    Column("replay_id", BigInteger, Identity(always=True), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("topic_id", Uuid, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("role", Text, nullable=False, server_default=text("SESSION_USER")),
    Column("reason", Text, nullable=False),
    Column("repair", Text, nullable=False),
    Column("value_hash", CHAR(32), nullable=False),
    stamp("begun_at"),
    Column("settled_at", DateTime(timezone=True)),
    Column("sent_topic", Text),
    Column("sent_topic_id", Uuid),
    Column("sent_partition", Integer),
    Column("sent_offset", BigInteger),
    Column("error", Text),
    UniqueConstraint("topic_id", "partition", "offset", "attempt", name="uq_replays_attempt"),
    Index("ix_replays_sent", "sent_topic_id", "sent_partition", "sent_offset"),
    comment="records that a person sent again: written down before they are sent, settled when the broker has answered",
)

disclosures = Table(
    "disclosures",
    metadata,
    Column("disclosure_id", BigInteger, Identity(always=True), primary_key=True),
    stamp("at"),
    Column("author", Text, nullable=False),
    Column("role", Text, nullable=False, server_default=text("SESSION_USER")),
    Column("reason", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("topic_id", Uuid, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    comment="who has seen the unmasked bytes of a record, and why; written before they are shown",
)
