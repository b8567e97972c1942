"""The table of rebuilds: how far the state of a catalogue version is."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from fraudstream.adapters.database.columns import metadata, stamp

state_rebuilds = Table(
    "state_rebuilds",
    metadata,
    Column("catalogue_version", Integer, primary_key=True, autoincrement=False),
    Column("stage", Text, nullable=False),
    Column("kernel", BigInteger, nullable=False),
    Column("label_base", BigInteger, nullable=False),
    Column("label_seq", BigInteger, nullable=False),
    Column("slice_label_seq", BigInteger, nullable=False),
    Column("slice_id", BigInteger, nullable=False),
    Column("slices", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("positions", JSONB, nullable=False),
    stamp("reached_at"),
    comment="what the state of a catalogue version contains so far; moved in the commit of the state",
)
