"""`StandingReader` on PostgreSQL: one statement, so one snapshot, on a pooled session that may only read."""

import uuid
from contextlib import closing
from typing import Any

import numpy as np
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from sqlalchemy import exc
from sqlalchemy.engine import create_engine

from fraudstream.adapters.database.label_rows import FLOAT64
from fraudstream.adapters.database.refusals import FOR_A_TIME
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.events import Floats
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.ports.slices import Deployment
from fraudstream.ports.standing import Standing

POOL_WAIT = 1.0
"""Seconds a request waits for one of the pooled sessions."""
SESSION = """
    SET default_transaction_read_only = on;
    SET statement_timeout = %s;
    SET jit = off;
    PREPARE standing (uuid, bigint, bigint) AS
    WITH at_work AS (
        SELECT deployment_id, model_version, digest, catalogue_version, threshold FROM deployments WHERE active
    )
    SELECT at_work.*, label_seq,
        (SELECT state FROM customer_state AS row
         WHERE row.catalogue_version = at_work.catalogue_version AND user_id = $2),
        (SELECT risk FROM customer_risk AS row
         WHERE row.catalogue_version = at_work.catalogue_version AND user_id = $2),
        (SELECT risk FROM merchant_risk AS row
         WHERE row.catalogue_version = at_work.catalogue_version AND merchant_id = $3),
        (SELECT body_hash FROM transaction_ids WHERE id = $1)
    FROM at_work, label_progress
"""


class PostgresStandings:
    """Keeps a pool of sessions, and opens one again where it broke."""

    def __init__(self, url: str, *, sessions: int = 4, statement_timeout_ms: int = 1_000) -> None:
        """Nothing is connected yet.

        Args:
            url: SQLAlchemy URL of a role that may read.
            sessions: at the same time, at the most.
            statement_timeout_ms: after which the server gives a statement up.
        """

        def opened() -> Connection:
            connection = connect(url, application="fraudstream scoring-api")
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(SESSION, (statement_timeout_ms,))
            return connection

        self._engine = create_engine(
            "postgresql+psycopg2://",
            creator=opened,
            pool_size=sessions,
            max_overflow=0,
            pool_timeout=POOL_WAIT,
            pool_reset_on_return=None,
        )

    def standing(self, transaction_id: uuid.UUID, user_id: int, merchant_id: int | None) -> Standing:
        """See `StandingReader.standing`."""
        row = self._row("EXECUTE standing (%s, %s, %s)", (str(transaction_id), user_id, merchant_id))
        if row is None:
            raise ModelUnavailable(
                "no model is deployed; `fraudstream train` and `fraudstream promote` put one to work"
            )
        *deployed, label_seq, state, customer_risk, merchant_risk, known_as = row
        return Standing(
            deployment=Deployment(*deployed),
            label_seq=label_seq,
            state=_numbers(state, CUSTOMER_STATE_WIDTH),
            customer_risk=_numbers(customer_risk, CUSTOMER_RISK_WIDTH),
            merchant_risk=_numbers(merchant_risk, MERCHANT_RISK_WIDTH),
            known_as=known_as,
        )

    def artefact(self, digest: str) -> bytes:
        """See `StandingReader.artefact`."""
        row = self._row("SELECT content FROM model_artefacts WHERE digest = %s", (digest,))
        if row is None:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored; promote a version again")
        return bytes(row[0])

    def close(self) -> None:
        """Close the idle sessions."""
        self._engine.dispose()

    def _row(self, statement: str, values: tuple[object, ...]) -> Any:  # noqa: ANN401 - as psycopg2 gives it
        """One row, asked for again on a new session where an idle one turns out to be broken: the server restarted."""
        try:
            return self._asked(statement, values)
        except FOR_A_TIME:
            self._engine.dispose()
        try:
            return self._asked(statement, values)
        except FOR_A_TIME as error:
            raise TemporarilyUnavailable(f"the state could not be read: {error}") from error

    def _asked(self, statement: str, values: tuple[object, ...]) -> Any:  # noqa: ANN401 - as psycopg2 gives it
        try:
            pooled = self._engine.raw_connection()
        except exc.TimeoutError as error:
            raise TemporarilyUnavailable(
                f"every database session was busy for {POOL_WAIT:g} s: ask less at a time, or raise "
                "SCORING_API_SESSIONS"
            ) from error
        try:
            with closing(pooled.cursor()) as cursor:
                cursor.execute(statement, values)
                return cursor.fetchone()
        except errors.QueryCanceled as error:
            raise TemporarilyUnavailable(f"the database took too long: {error.diag.message_primary}") from error
        except FOR_A_TIME:
            pooled.invalidate()
            raise
        finally:
            pooled.close()


def _numbers(content: memoryview | None, width: int) -> Floats:
    return np.zeros(width) if content is None else np.frombuffer(content, FLOAT64).astype(np.float64)
