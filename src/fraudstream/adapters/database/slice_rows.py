"""What one slice writes, in the order in which it is written."""

import uuid
from collections.abc import Sequence

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database import binary_copy as wire
from fraudstream.features.events import ABSENT, Bytes, Floats, Ints
from fraudstream.ports.slices import (
    LogPart,
    OutboxMessage,
    QuarantinedRow,
    RaisedAlert,
    ScoredRows,
    ShadowScores,
    SliceResult,
)

OUTBOX_CHANNEL = "outbox"
"""`LISTEN` on it to hear that something was put into the outbox."""

ALERT_COLUMNS = (
    "alert_id",
    "topic_id",
    "partition",
    "offset",
    "slice_id",
    "transaction_id",
    "user_id",
    "amount",
    "event_time",
    "score",
    "threshold",
    "reasons",
    "model_version",
)
QUARANTINE_COLUMNS = (
    "topic_id",
    "partition",
    "offset",
    "topic",
    "slice_id",
    "reason",
    "detail",
    "raw",
    "raw_size",
    "log_time",
)
OUTBOX_COLUMNS = ("topic", "key", "value", "not_before")
MOVE_STATES = """
    UPDATE customer_state AS kept SET state = moved_state.state FROM moved_state
    WHERE kept.catalogue_version = %s AND kept.user_id = moved_state.user_id
"""
CLOSE_SLICE = """
    INSERT INTO slices (slice_id, topic_id, partition, first_offset, last_offset, epoch, label_seq, deployment_id,
        model_version, catalogue_version, rows, quarantined, repeats)
    OVERRIDING SYSTEM VALUE VALUES (%(slice_id)s, %(topic_id)s, %(partition)s, %(first_offset)s, %(last_offset)s,
        %(epoch)s, %(label_seq)s, %(deployment_id)s, %(model_version)s, %(catalogue_version)s, %(rows)s,
        %(quarantined)s, %(repeats)s);
    UPDATE positions SET next_offset = %(last_offset)s + 1, epoch = %(epoch)s
    WHERE topic_id = %(topic_id)s AND partition = %(partition)s
"""


def write_ids(cursor: Cursor, part: LogPart, transaction_id: Bytes, body_hash: Ints, offset: Ints) -> None:
    """Store ids, (n, 16) bytes, with what each stands for and where it is scored."""
    if not len(transaction_id):
        return
    count = len(transaction_id)
    columns = [
        wire.raw("id", transaction_id),
        wire.bigint("body_hash", body_hash),
        wire.same_bytes("topic_id", count, uuid.UUID(part.topic_id).bytes),
        wire.same_integer("partition", count, part.partition),
        wire.bigint("offset", offset),
    ]
    wire.copy_in(cursor, "transaction_ids", [column.name for column in columns], wire.payload(columns))


def write_result(cursor: Cursor, part: LogPart, result: SliceResult) -> None:
    """Store everything a slice changed."""
    if len(result.scored.offset):
        _write_scored(cursor, part, result.slice_id, result.scored)
        if result.shadow is not None:
            _write_shadow(cursor, part, result.scored, result.shadow)
        _write_states(cursor, result.deployment.catalogue_version, result.user_id, result.state)
    if result.alerts:
        _write_alerts(cursor, part, result.slice_id, result.alerts)
    if result.quarantined:
        _write_quarantined(cursor, part, result.slice_id, result.quarantined)
    if result.outbox:
        _write_outbox(cursor, result.outbox)
    _close(cursor, part, result)


def _write_scored(cursor: Cursor, part: LogPart, slice_id: int, rows: ScoredRows) -> None:
    payments, count = rows.payments, len(rows.offset)
    columns = [
        wire.same_bytes("topic_id", count, uuid.UUID(part.topic_id).bytes),
        wire.same_integer("partition", count, part.partition),
        wire.bigint("offset", rows.offset),
        wire.timestamp("log_time", rows.log_time),
        wire.same("slice_id", count, slice_id),
        wire.raw("transaction_id", payments.transaction_id),
        wire.bigint("body_hash", rows.body_hash),
        wire.bigint("user_id", payments.user_id),
        wire.timestamp("event_time", payments.event_time),
        wire.double("amount", payments.amount),
        wire.smallint("merchant_category", payments.category),
        wire.smallint("location", payments.location),
        wire.smallint("payment_method", payments.payment_method),
        wire.bigint("merchant_id", payments.merchant_id, payments.merchant_id != ABSENT),
        wire.bigint("device_id", payments.device_id, payments.device_id != ABSENT),
        wire.smallint("channel", payments.channel, payments.channel != ABSENT),
        wire.text("currency", rows.currency, rows.currency != b""),
        wire.double("score", rows.score),
        wire.boolean("alert", rows.alert),
        wire.raw("features", rows.features.astype("<f8", copy=False)),
    ]
    wire.copy_in(cursor, "scored_transactions", [column.name for column in columns], wire.payload(columns))


def _write_shadow(cursor: Cursor, part: LogPart, rows: ScoredRows, shadow: ShadowScores) -> None:
    count = len(rows.offset)
    columns = [
        wire.same_bytes("digest", count, shadow.digest.encode()),
        wire.same_bytes("topic_id", count, uuid.UUID(part.topic_id).bytes),
        wire.same_integer("partition", count, part.partition),
        wire.bigint("offset", rows.offset),
        wire.double("score", shadow.score),
    ]
    wire.copy_in(cursor, "shadow_scores", [column.name for column in columns], wire.payload(columns))


def _write_states(cursor: Cursor, catalogue_version: int, user_id: Ints, state: Floats) -> None:
    columns = [wire.bigint("user_id", user_id), wire.raw("state", state.astype("<f8", copy=False))]
    wire.copy_in(cursor, "moved_state", ["user_id", "state"], wire.payload(columns))
    cursor.execute(MOVE_STATES, [catalogue_version])


def _write_alerts(cursor: Cursor, part: LogPart, slice_id: int, alerts: Sequence[RaisedAlert]) -> None:
    topic_id = uuid.UUID(part.topic_id).bytes
    rows = [
        (
            item.alert.alert_id.bytes,
            topic_id,
            wire.integer_field(part.partition),
            wire.bigint_field(item.offset),
            wire.bigint_field(slice_id),
            item.alert.transaction_id.bytes,
            wire.bigint_field(item.alert.user_id),
            wire.double_field(item.alert.amount),
            wire.timestamp_field(item.alert.event_time.timestamp()),
            wire.double_field(item.alert.score),
            wire.double_field(item.alert.threshold),
            wire.jsonb_field(msgspec.json.encode(item.alert.reasons)),
            item.alert.model_version.encode(),
        )
        for item in alerts
    ]
    wire.copy_in(cursor, "alerts", ALERT_COLUMNS, wire.variable_payload(rows))


def _write_quarantined(cursor: Cursor, part: LogPart, slice_id: int, quarantined: Sequence[QuarantinedRow]) -> None:
    topic_id = uuid.UUID(part.topic_id).bytes
    rows = [
        (
            topic_id,
            wire.integer_field(part.partition),
            wire.bigint_field(row.offset),
            part.topic.encode(),
            wire.bigint_field(slice_id),
            row.reason.encode(),
            row.detail.encode(),
            row.raw,
            wire.integer_field(row.raw_size),
            wire.timestamp_field(row.log_time),
        )
        for row in quarantined
    ]
    wire.copy_in(cursor, "quarantine", QUARANTINE_COLUMNS, wire.variable_payload(rows))


def _write_outbox(cursor: Cursor, messages: Sequence[OutboxMessage]) -> None:
    rows = (
        (message.topic.encode(), message.key, message.value, wire.timestamp_field(message.not_before))
        for message in messages
    )
    wire.copy_in(cursor, "outbox", OUTBOX_COLUMNS, wire.variable_payload(rows))
    cursor.execute(f"NOTIFY {OUTBOX_CHANNEL}")


def _close(cursor: Cursor, part: LogPart, result: SliceResult) -> None:
    values = {
        "slice_id": result.slice_id,
        "topic_id": part.topic_id,
        "partition": part.partition,
        "first_offset": result.first_offset,
        "last_offset": result.last_offset,
        "epoch": part.epoch,
        "label_seq": result.label_seq,
        "deployment_id": result.deployment.deployment_id,
        "model_version": result.deployment.model_version,
        "catalogue_version": result.deployment.catalogue_version,
        "rows": len(result.scored.offset),
        "quarantined": len(result.quarantined),
        "repeats": result.repeats,
    }
    cursor.execute(CLOSE_SLICE, values)
