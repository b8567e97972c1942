"""Deployments in Postgres: which model the next slice scores with, and the state its log begins from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.binary_copy import Column, bigint, copy_in, double, integer, payload, raw, timestamp
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.events import ABSENT, Floats, Ints
from fraudstream.models.initial_state import InitialState, WaitingPayments
from fraudstream.ports.slices import Deployment

_LIMITS = "SET LOCAL statement_timeout = '120s'; SET LOCAL lock_timeout = '30s'"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(%s)"
"""Promotions wait for each other; readers, the scorer among them, do not wait."""
_PROMOTION_LOCK = 0x70726F6D6F7465
"""Key of that lock, which takes no right to the table; any constant would do."""
_ACTIVE = """
SELECT deployment_id, model_version, digest, catalogue_version, threshold FROM deployments
WHERE active AND (%(model_name)s::text IS NULL
                  OR (model_name, model_version, digest) = (%(model_name)s, %(model_version)s, %(digest)s))
"""
_INSERT = """
INSERT INTO deployments (model_name, model_version, digest, catalogue_version, threshold, reason, active)
VALUES (%s, %s, %s, %s, %s, %s, true)
"""
_STATE_VERSION = """
INSERT INTO state_versions (catalogue_version, as_of_positions, label_seq)
VALUES (%s, '{}', coalesce((SELECT max(label_seq) FROM label_progress), 0))
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Promotion:
    """A model version about to be deployed; `content` is its scoring artefact, `digest` the SHA-256 of it."""

    model_name: str
    model_version: str
    digest: str
    catalogue_version: int
    threshold: float
    reason: str
    content: bytes


class PostgresDeployments:
    """Writes promotions; each in one transaction, so a scorer sees a model with its state or neither."""

    def __init__(self, url: str) -> None:
        self._url = url

    def active(self) -> Deployment | None:
        """What the next slice scores with; nothing before the first promotion.

        Raises:
            TemporarilyUnavailable: the database did not answer.
        """
        with _transaction(self._url) as cursor:
            return _active(cursor)

    def has_state(self, catalogue_version: int) -> bool:
        """Whether the state of a catalogue version is there already.

        Raises:
            TemporarilyUnavailable: the database did not answer.
        """
        with _transaction(self._url) as cursor:
            return _has_state(cursor, catalogue_version)

    def deploy(self, promotion: Promotion, state: InitialState | None) -> Deployment:
        """Make a model the active one; does nothing if that version is active already.

        `state` is written only where its catalogue version has none yet, together with the payments that still
        wait for a label.

        Raises:
            TemporarilyUnavailable: the database did not answer; nothing was written.
        """
        with _transaction(self._url) as cursor:
            cursor.execute(_ONE_AT_A_TIME, (_PROMOTION_LOCK,))
            active = _active(cursor, promotion)
            if active is not None:
                return active
            cursor.execute(
                "INSERT INTO model_artefacts (digest, content) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (promotion.digest, promotion.content),
            )
            if state is not None and not _has_state(cursor, promotion.catalogue_version):
                _write_state(cursor, promotion.catalogue_version, state)
            cursor.execute("UPDATE deployments SET active = false WHERE active")
            return _insert(cursor, promotion)


def _insert(cursor: Cursor, promotion: Promotion) -> Deployment:
    cursor.execute(
        _INSERT,
        (
            promotion.model_name,
            promotion.model_version,
            promotion.digest,
            promotion.catalogue_version,
            promotion.threshold,
            promotion.reason,
        ),
    )
    inserted = _active(cursor)
    assert inserted is not None  # noqa: S101 - inserted just now
    return inserted


def _active(cursor: Cursor, promotion: Promotion | None = None) -> Deployment | None:
    """The active deployment, or, asked about a promotion, that deployment if it is the active one."""
    cursor.execute(
        _ACTIVE,
        {
            "model_name": promotion and promotion.model_name,
            "model_version": promotion and promotion.model_version,
            "digest": promotion and promotion.digest,
        },
    )
    row = cursor.fetchone()
    return None if row is None else Deployment(*row)


def _has_state(cursor: Cursor, catalogue_version: int) -> bool:
    cursor.execute("SELECT FROM state_versions WHERE catalogue_version = %s", (catalogue_version,))
    return cursor.fetchone() is not None


def _write_state(cursor: Cursor, version: int, state: InitialState) -> None:
    for prefix in ("initial_", ""):
        _copy_rows(cursor, f"{prefix}customer_state", version, ("user_id", state.user_ids), state.customer_state)
        _copy_rows(cursor, f"{prefix}customer_risk", version, ("user_id", state.user_ids), state.customer_risk)
        _copy_rows(cursor, f"{prefix}merchant_risk", version, ("merchant_id", state.merchant_ids), state.merchant_risk)
    _copy_waiting(cursor, state.waiting)
    cursor.execute(_STATE_VERSION, (version,))


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


@contextmanager
def _transaction(url: str) -> Iterator[Cursor]:
    connection: Connection = connect(url, application="fraudstream-promote")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(_LIMITS)
            yield cursor
    except psycopg2.Error as error:
        raise TemporarilyUnavailable(f"PostgreSQL did not take the promotion: {error}") from error
    finally:
        connection.close()
