"""The tables of what was deleted on purpose: which part of which log, and whose past is no longer whole."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Uuid

from fraudstream.adapters.database.columns import metadata, stamp

forgotten_ranges = Table(
    "forgotten_ranges",
    metadata,
    Column("topic_id", Uuid, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("begins_at", DateTime(timezone=True), primary_key=True),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("end_offset", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    stamp("forgotten_at"),
    Column("ids_forgotten_at", DateTime(timezone=True)),
    comment="months of scored rows that were dropped: everything of that log below end_offset is gone",
)

forgotten_customers = Table(
    "forgotten_customers",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    comment="customers with scored rows that were dropped: nothing can be recomputed for them from the beginning",
)
