"""The tables of the stream; those of the models are in `model_tables`.

Three kinds of facts live here: the ledger (which part of which log was scored, by whom, with which model and
labels), the results (scores, alerts, quarantine, what is still to be published), and the state that the next
score depends on. One transaction writes all three.
"""

from collections.abc import Mapping
from typing import Any

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
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import CHAR, JSONB

from fraudstream.adapters.database.columns import metadata, stamp

TRANSACTION_ID_PARTITIONS = 8
_BLOCKS: Mapping[str, Any] = {
    "postgresql_using": "brin",
    "postgresql_with": {"pages_per_range": "32", "autosummarize": "on"},
}
"""Rows come about in the order of their payments: an index of blocks finds a day, and costs an insert nothing."""

# --- the ledger ------------------------------------------------------------------------------------------

runs = Table(
    "runs",
    metadata,
    Column("epoch", BigInteger, Identity(always=True), primary_key=True),
    Column("topic_id", Uuid, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    stamp("started_at"),
    Column("ready_at", DateTime(timezone=True)),
    comment="every start of a scorer on a log; the newest epoch owns it",
)

positions = Table(
    "positions",
    metadata,
    Column("topic_id", Uuid, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    comment="where each log stands; a recreated topic has another id and is another log",
)

slices = Table(
    "slices",
    metadata,
    Column("slice_id", BigInteger, Identity(always=True), primary_key=True),
    Column("topic_id", Uuid, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("first_offset", BigInteger, nullable=False),
    Column("last_offset", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("label_seq", BigInteger, nullable=False),
    Column("deployment_id", BigInteger, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("catalogue_version", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    stamp("stored_at"),
    Index(None, "topic_id", "partition", "first_offset"),
    comment="the recorded order: slice_id, then offset",
)

transaction_ids = Table(
    "transaction_ids",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("body_hash", BigInteger, nullable=False),
    Column("topic_id", Uuid),
    Column("partition", Integer),
    Column("offset", BigInteger),
    Index("ix_transaction_ids_unplaced", "id", postgresql_where=text('"offset" IS NULL')),
    comment="every id ever scored, reserved before any feature is computed, and where its row stands",
    postgresql_partition_by="HASH (id)",
)

# --- results ---------------------------------------------------------------------------------------------

scored_transactions = Table(
    "scored_transactions",
    metadata,
    Column("topic_id", Uuid, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("log_time", DateTime(timezone=True), primary_key=True),
    Column("slice_id", BigInteger, nullable=False),
    Column("transaction_id", Uuid, nullable=False),
    Column("body_hash", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("event_time", DateTime(timezone=True), nullable=False),
    Column("amount", Double, nullable=False),
    Column("merchant_category", SmallInteger, nullable=False),
    Column("location", SmallInteger, nullable=False),
    Column("payment_method", SmallInteger, nullable=False),
    Column("merchant_id", BigInteger),
    Column("device_id", BigInteger),
    Column("channel", SmallInteger),
    Column("currency", CHAR(3)),
    Column("score", Double, nullable=False),
    Column("alert", Boolean, nullable=False),
    Column("features", LargeBinary, nullable=False),
    Index(None, "user_id", "slice_id"),
    Index(None, "event_time", **_BLOCKS),
    comment="one row for each scored record; small integers index the contract's value lists, features are float64",
    postgresql_partition_by="RANGE (log_time)",
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("topic_id", Uuid, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("slice_id", BigInteger, nullable=False),
    Column("transaction_id", Uuid, nullable=False, unique=True),
    Column("user_id", BigInteger, nullable=False),
    Column("amount", Double, nullable=False),
    Column("event_time", DateTime(timezone=True), nullable=False),
    Column("score", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="open"),
    stamp("created_at"),
    Index(None, "user_id"),
    Index(None, "created_at"),
    comment="payments that their model's policy raised; the decision is final, the status is the analyst's",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("topic_id", Uuid, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("slice_id", BigInteger),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("raw_size", Integer, nullable=False),
    Column("log_time", DateTime(timezone=True), nullable=False),
    stamp("stored_at"),
    comment="records that could not be scored; raw is masked and bounded",
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", BigInteger, Identity(always=True), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("not_before", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    stamp("created_at"),
    Column("held_at", DateTime(timezone=True)),
    Column("released_at", DateTime(timezone=True)),
    Index(
        "ix_outbox_unsent",
        "not_before",
        "outbox_id",
        postgresql_where=text("sent_at IS NULL AND held_at IS NULL"),
    ),
    Index("ix_outbox_held", "not_before", "outbox_id", postgresql_where=text("held_at IS NOT NULL")),
    comment="messages whose fact is committed and which the relay has still to publish, or has published",
)

alert_windows = Table(
    "alert_windows",
    metadata,
    Column("begins_at", DateTime(timezone=True), primary_key=True),
    Column("published", BigInteger, nullable=False),
    comment="how many alerts the relay has published of each hour's budget",
)

notifications = Table(
    "notifications",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("alert_id", Uuid, nullable=False),
    stamp("received_at"),
    Index(None, "alert_id"),
    comment="what reached the subscriber, as the notification inbox saw it",
)

# --- state -----------------------------------------------------------------------------------------------


def _state(name: str, key: str, value: str, comment: str) -> Table:
    return Table(
        name,
        metadata,
        Column("catalogue_version", Integer, primary_key=True),
        Column(key, BigInteger, primary_key=True),
        Column(value, LargeBinary, nullable=False),
        comment=comment,
        postgresql_with={"fillfactor": "70"},
    )


customer_state = _state("customer_state", "user_id", "state", "float64 rows, moved by the scorer")
customer_risk = _state("customer_risk", "user_id", "risk", "float64 rows, moved by the label applier")
merchant_risk = _state("merchant_risk", "merchant_id", "risk", "float64 rows, moved by the label applier")
initial_customer_state = _state("initial_customer_state", "user_id", "state", "where the log began; never changed")
initial_customer_risk = _state("initial_customer_risk", "user_id", "risk", "where the log began; never changed")
initial_merchant_risk = _state("initial_merchant_risk", "merchant_id", "risk", "where the log began; never changed")

state_versions = Table(
    "state_versions",
    metadata,
    Column("catalogue_version", Integer, primary_key=True),
    Column("as_of_positions", JSONB, nullable=False),
    Column("label_seq", BigInteger, nullable=False),
    stamp("built_at"),
    comment="what each catalogue version's state was built from",
)

# --- labels ----------------------------------------------------------------------------------------------

labels = Table(
    "labels",
    metadata,
    Column("topic_id", Uuid, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("label_seq", BigInteger, unique=True),
    Column("transaction_id", Uuid, nullable=False),
    Column("is_fraud", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("arrived_at", DateTime(timezone=True), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("merchant_id", BigInteger),
    Column("event_time", DateTime(timezone=True)),
    Column("amount", Double),
    Column("amount_ratio", Double),
    stamp("stored_at"),
    Index(None, "transaction_id"),
    Index("ix_labels_waiting", "transaction_id", postgresql_where=text("label_seq IS NULL")),
    Index(None, "user_id"),
    Index(None, "merchant_id"),
    Index(None, "event_time", **_BLOCKS),
    comment="every label; label_seq is its turn, or empty while its payment has not been scored",
)

label_progress = Table(
    "label_progress",
    metadata,
    Column("only", Boolean, primary_key=True, server_default=text("true")),
    Column("label_seq", BigInteger, nullable=False, server_default=text("0")),
    comment="one row: the last label_seq whose effect stands in the risk tables",
)

history_transactions = Table(
    "history_transactions",
    metadata,
    Column("transaction_id", Uuid, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("merchant_id", BigInteger),
    Column("event_time", DateTime(timezone=True), nullable=False),
    Column("amount", Double, nullable=False),
    Column("amount_ratio", Double, nullable=False),
    comment="payments older than the log whose label may still arrive",
)
