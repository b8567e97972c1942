"""The tables of the archive: which object holds which part of a log, and what no object will ever hold."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import CHAR

from fraudstream.adapters.database.columns import metadata, stamp

archive_files = Table(
    "archive_files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("topic_id", Uuid, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("first_offset", BigInteger, nullable=False),
    Column("last_offset", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", CHAR(64), nullable=False),
    Column("listed_at", DateTime(timezone=True)),
    stamp("archived_at"),
    UniqueConstraint("topic_id", "partition", "zone", "first_offset"),
    Index(None, "day", "topic_id", "partition"),
    Index("ix_archive_files_unlisted", "topic_id", "partition", postgresql_where=text("listed_at IS NULL")),
    comment="complete objects of the archive, each a range of one log; an object that is not here does not count",
)
"""Ranges of one log begin where the one before ended, so two that overlap begin alike: the constraint refuses one."""

archive_gaps = Table(
    "archive_gaps",
    metadata,
    Column("topic_id", Uuid, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("first_offset", BigInteger, primary_key=True),
    Column("last_offset", BigInteger, nullable=False),
    Column("accepted_at", DateTime(timezone=True)),
    stamp("found_at"),
    comment="records that the broker forgot before they were archived; their scores are archived all the same",
)
