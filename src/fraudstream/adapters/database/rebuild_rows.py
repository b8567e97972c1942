"""Rebuilds as rows: their checkpoints, the rows they begin with, and the switch to what they built."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.binary_rows import BIGINT, copy_rows, ints, keyed
from fraudstream.adapters.database.state_rows import write_initial
from fraudstream.errors import ConfigurationError, ModelUnavailable
from fraudstream.features.events import Floats, Ints
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.models.initial_state import InitialState
from fraudstream.ports.rebuild import Checkpoint, Positions, Stage, same_history
from fraudstream.ports.slices import Deployment

_CHECKPOINT = """
SELECT catalogue_version, stage, kernel, label_base, label_seq, slice_label_seq, slice_id, slices, rows, positions
FROM state_rebuilds WHERE catalogue_version = %s
"""
_REACH = """
INSERT INTO state_rebuilds (catalogue_version, stage, kernel, label_base, label_seq, slice_label_seq, slice_id, slices,
    rows, positions, reached_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())
ON CONFLICT (catalogue_version) DO UPDATE SET stage = excluded.stage, kernel = excluded.kernel,
    label_base = excluded.label_base, label_seq = excluded.label_seq, slice_label_seq = excluded.slice_label_seq,
    slice_id = excluded.slice_id, slices = excluded.slices, rows = excluded.rows, positions = excluded.positions,
    reached_at = excluded.reached_at
"""
_POSITIONS = """
SELECT topic_id, partition, next_offset FROM positions WHERE EXISTS (
    SELECT FROM slices WHERE (slices.topic_id, slices.partition) = (positions.topic_id, positions.partition))
"""
_SWITCH = """
INSERT INTO state_versions (catalogue_version, as_of_positions, label_seq) VALUES (%s, %s, %s)
ON CONFLICT (catalogue_version) DO UPDATE SET as_of_positions = excluded.as_of_positions
"""
_FORGET = "UPDATE {table} SET {value} = %s WHERE catalogue_version = %s"
_BEGIN = """
INSERT INTO {table} (catalogue_version, {key}, {value})
SELECT catalogue_version, {key}, {value} FROM initial_{table} WHERE catalogue_version = %s
ON CONFLICT (catalogue_version, {key}) DO UPDATE SET {value} = excluded.{value}
"""
_INITIAL = "SELECT {key}, {value} FROM initial_{table} WHERE catalogue_version = %s ORDER BY {key}"
_STATE_TABLES: Mapping[str, tuple[str, str, int]] = {
    "customer_state": ("user_id", "state", CUSTOMER_STATE_WIDTH),
    "customer_risk": ("user_id", "risk", CUSTOMER_RISK_WIDTH),
    "merchant_risk": ("merchant_id", "risk", MERCHANT_RISK_WIDTH),
}
"""Name of the table, of its key and of its value, and the value's numbers."""


def checkpoint_of(cursor: Cursor, catalogue_version: int) -> Checkpoint | None:
    """How far a rebuild is."""
    cursor.execute(_CHECKPOINT, [catalogue_version])
    row = cursor.fetchone()
    if row is None:
        return None
    *before, positions = row
    version, stage, *numbers = before
    kernel, label_base, label_seq, slice_label_seq, slice_id, slices, rows = numbers
    return Checkpoint(
        catalogue_version=version,
        stage=Stage(stage),
        kernel=kernel,
        label_base=label_base,
        label_seq=label_seq,
        slice_label_seq=slice_label_seq,
        slice_id=slice_id,
        slices=slices,
        rows=rows,
        positions=_positions(positions),
    )


def reach(cursor: Cursor, checkpoint: Checkpoint) -> None:
    """Store how far a rebuild is."""
    c = checkpoint
    numbers = (c.kernel, c.label_base, c.label_seq, c.slice_label_seq, c.slice_id, c.slices, c.rows)
    cursor.execute(_REACH, [c.catalogue_version, c.stage.value, *numbers, json.dumps(c.positions)])


def begin_rows(cursor: Cursor, version: int, state: InitialState) -> None:
    """Write the initial rows of a version, unless they are there already, and set its state to them.

    Raises:
        ConfigurationError: `state` is not where the log begins.
    """
    cursor.execute("SELECT min(catalogue_version) FROM state_versions WHERE catalogue_version <> %s", [version])
    (other,) = cursor.fetchone() or (None,)
    waiting = _waiting_ids(cursor)
    if other is not None and not same_history(state, *_known_ids(cursor, other), waiting):
        raise ConfigurationError(
            "the initial state of this model is of another history than the one that the log continues; train it with "
            "the same --seed, --customers, --history-days and --start as the first model"
        )
    _begin_from(cursor, version, state)
    for table, (key, value, width) in _STATE_TABLES.items():
        names = {"table": table, "key": key, "value": value}
        cursor.execute(_FORGET.format(**names), [bytes(8 * width), version])
        cursor.execute(_BEGIN.format(**names), [version])


def switch_state(cursor: Cursor, before: Deployment | None, catalogue_version: int) -> None:
    """Let a deployment that was just activated, instead of `before`, have the state of its catalogue version.

    Slices wait for the caller's transaction, and from here on the label applier does too.

    Raises:
        ModelUnavailable: that state is not complete.
    """
    if before is None or before.catalogue_version == catalogue_version:
        return
    cursor.execute("SELECT hold_label_progress()")
    (label_seq,) = cursor.fetchone() or (0,)
    found = checkpoint_of(cursor, catalogue_version)
    if found is None or found.stage != Stage.COMPLETE:
        raise ModelUnavailable(
            f"there is no complete state of catalogue version {catalogue_version}, and the model at work is of "
            f"{before.catalogue_version}; stop the scorer and build it with `fraudstream rebuild-state`"
        )
    cursor.execute(_POSITIONS)
    if (_where(cursor.fetchall()), label_seq) != (found.positions, found.label_seq):
        raise ModelUnavailable(
            f"payments or labels came after the state of catalogue version {catalogue_version} was complete; run "
            "`fraudstream rebuild-state` again with scorer and label applier stopped, it goes on where it was"
        )
    cursor.execute(_SWITCH, [catalogue_version, json.dumps(found.positions), found.label_base])
    cursor.execute(
        "UPDATE state_rebuilds SET stage = %s WHERE catalogue_version = %s", [Stage.AT_WORK.value, catalogue_version]
    )


def _begin_from(cursor: Cursor, version: int, state: InitialState) -> None:
    stored = {
        table: keyed(
            cursor,
            _INITIAL.format(table=table, key=key, value=value),
            [version],
            width,
        )
        for table, (key, value, width) in _STATE_TABLES.items()
    }
    if not any(len(keys) for keys, _ in stored.values()):
        write_initial(cursor, version, state)
        return
    given = {
        "customer_state": _by_key(state.user_ids, state.customer_state),
        "customer_risk": _by_key(state.user_ids, state.customer_risk),
        "merchant_risk": _by_key(state.merchant_ids, state.merchant_risk),
    }
    same = all(
        np.array_equal(stored[table][0], keys) and stored[table][1].tobytes() == rows.tobytes()
        for table, (keys, rows) in given.items()
    )
    if not same:
        raise ConfigurationError(
            f"catalogue version {version} began with another initial state than this model's; name a model that was "
            "trained by the same code, or give changed code a new CATALOGUE_VERSION"
        )


def _by_key(keys: Ints, rows: Floats) -> tuple[Ints, Floats]:
    order = np.argsort(keys)
    return keys[order], rows[order]


def _known_ids(cursor: Cursor, version: int) -> tuple[Ints, Ints]:
    return (
        _ids(cursor, "SELECT user_id FROM initial_customer_state WHERE catalogue_version = %s ORDER BY 1", version),
        _ids(cursor, "SELECT merchant_id FROM initial_merchant_risk WHERE catalogue_version = %s ORDER BY 1", version),
    )


def _ids(cursor: Cursor, query: str, version: int) -> Ints:
    return ints(copy_rows(cursor, query, {"id": BIGINT}, [version]), "id")


def _waiting_ids(cursor: Cursor) -> frozenset[bytes]:
    cursor.execute("SELECT uuid_send(transaction_id) FROM history_transactions")
    return frozenset(bytes(row[0]) for row in cursor)


def _where(rows: list[tuple[Any, ...]]) -> Positions:
    found: dict[str, dict[int, int]] = {}
    for topic_id, partition, next_offset in rows:
        found.setdefault(topic_id, {})[partition] = next_offset
    return found


def _positions(document: Mapping[str, Mapping[str, int]]) -> Positions:
    """Back from JSON, whose names are texts."""
    return {topic: {int(partition): at for partition, at in places.items()} for topic, places in document.items()}
