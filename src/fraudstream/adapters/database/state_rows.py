"""Where a log begins, as rows: the state of a catalogue version, and the payments that still wait for a label."""

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.binary_copy import Column, bigint, copy_in, double, integer, payload, raw, timestamp
from fraudstream.features.events import ABSENT, Floats, Ints
from fraudstream.models.initial_state import InitialState, WaitingPayments

_STATE_VERSION = """
INSERT INTO state_versions (catalogue_version, as_of_positions, label_seq)
VALUES (%s, '{}', coalesce((SELECT max(label_seq) FROM label_progress), 0))
ON CONFLICT DO NOTHING
"""


def has_state(cursor: Cursor, catalogue_version: int) -> bool:
    """Whether the state of a catalogue version is there already."""
    cursor.execute("SELECT FROM state_versions WHERE catalogue_version = %s", (catalogue_version,))
    return cursor.fetchone() is not None


def write_state(cursor: Cursor, version: int, state: InitialState) -> None:
    """Store every row twice: once to move, once to begin from."""
    write_initial(cursor, version, state)
    _write_rows(cursor, "", version, state)
    _copy_waiting(cursor, state.waiting)
    cursor.execute(_STATE_VERSION, (version,))


def write_initial(cursor: Cursor, version: int, state: InitialState) -> None:
    """Store every row to begin from."""
    _write_rows(cursor, "initial_", version, state)


def _write_rows(cursor: Cursor, prefix: str, version: int, state: InitialState) -> None:
    _copy_rows(cursor, f"{prefix}customer_state", version, ("user_id", state.user_ids), state.customer_state)
    _copy_rows(cursor, f"{prefix}customer_risk", version, ("user_id", state.user_ids), state.customer_risk)
    _copy_rows(cursor, f"{prefix}merchant_risk", version, ("merchant_id", state.merchant_ids), state.merchant_risk)


def _copy_rows(cursor: Cursor, table: str, version: int, key: tuple[str, Ints], rows: Floats) -> None:
    name, ids = key
    value = "state" if table.endswith("customer_state") else "risk"
    _copy(
        cursor,
        table,
        [integer("catalogue_version", ids * 0 + version), bigint(name, ids), raw(value, rows.astype("<f8"))],
    )


def _copy_waiting(cursor: Cursor, waiting: WaitingPayments) -> None:
    cursor.execute("SELECT FROM history_transactions LIMIT 1")
    if cursor.fetchone() is not None:  # an earlier catalogue version brought them along
        return
    _copy(
        cursor,
        "history_transactions",
        [
            raw("transaction_id", waiting.transaction_id),
            bigint("user_id", waiting.user_id),
            bigint("merchant_id", waiting.merchant_id, waiting.merchant_id != ABSENT),
            timestamp("event_time", waiting.event_time),
            double("amount", waiting.amount),
            double("amount_ratio", waiting.amount_ratio),
        ],
    )


def _copy(cursor: Cursor, table: str, columns: list[Column]) -> None:
    if len(columns[0].wire):
        copy_in(cursor, table, [column.name for column in columns], payload(columns))
