"""`Deployments` in Postgres: which model the next slice scores with, and the state its log begins from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from sqlalchemy.engine import make_url

from fraudstream.adapters.database import life_cycle_rows as rows
from fraudstream.adapters.database import state_rows
from fraudstream.adapters.database.rebuild_rows import switch_state
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ConfigurationError, ModelUnavailable, TemporarilyUnavailable
from fraudstream.models.initial_state import InitialState
from fraudstream.ports.life_cycle import (
    Action,
    Candidate,
    Challenger,
    Decision,
    PastDeployment,
    Signature,
    check_trial,
)
from fraudstream.ports.slices import Deployment

_LIMITS = "SET LOCAL statement_timeout = '120s'; SET LOCAL lock_timeout = '30s'"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(%s)"
"""Changes wait for each other; readers, the scorer among them, do not wait."""
_PROMOTION_LOCK = 0x70726F6D6F7465
"""Key of that lock, which takes no right to the table; any constant would do."""


class PostgresDeployments:
    """Each change in one transaction, so a scorer sees a model with its state or neither."""

    def __init__(self, url: str) -> None:
        self._url = url

    def active(self) -> Deployment | None:
        """See `Deployments.active`."""
        with self._transaction() as cursor:
            return rows.active(cursor)

    def challenger(self) -> Challenger | None:
        """See `Deployments.challenger`."""
        with self._transaction() as cursor:
            return rows.challenger(cursor)

    def has_state(self, catalogue_version: int) -> bool:
        """See `Deployments.has_state`."""
        with self._transaction() as cursor:
            return state_rows.has_state(cursor, catalogue_version)

    def artefact(self, digest: str) -> bytes:
        """See `Deployments.artefact`."""
        with self._transaction() as cursor:
            cursor.execute("SELECT content FROM model_artefacts WHERE digest = %s", (digest,))
            row = cursor.fetchone()
        if row is None:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored; promote another version")
        return bytes(row[0])

    def deploy(
        self,
        candidate: Candidate,
        state: InitialState | None,
        signature: Signature,
        *,
        instead_of: Deployment | None = None,
    ) -> Deployment:
        """See `Deployments.deploy`."""
        with self._change() as cursor:
            before = _unchanged(cursor, instead_of)
            if before is not None and rows.is_active(cursor, candidate):
                return before
            rows.put_artefact(cursor, candidate)
            first = before is None or before.catalogue_version == candidate.catalogue_version
            if state is not None and first and not state_rows.has_state(cursor, candidate.catalogue_version):
                state_rows.write_state(cursor, candidate.catalogue_version, state)
            deployed = rows.activate(cursor, candidate.model_name, candidate, signature.reason, restores=None)
            switch_state(cursor, before, candidate.catalogue_version)
            _decide(cursor, Action.PROMOTE, candidate, before, signature)
        return deployed

    def restore(self, past: PastDeployment, signature: Signature, *, instead_of: Deployment) -> Deployment:
        """See `Deployments.restore`."""
        wanted = past.deployment
        with self._change() as cursor:
            before = _unchanged(cursor, instead_of)
            restored = rows.activate(
                cursor, past.model_name, wanted, signature.reason, restores=past.restores or wanted.deployment_id
            )
            switch_state(cursor, before, wanted.catalogue_version)
            rows.decide(cursor, Action.ROLLBACK, past.model_name, wanted.model_version, before, signature)
        return restored

    def begin_trial(self, candidate: Candidate, signature: Signature) -> Challenger:
        """See `Deployments.begin_trial`."""
        with self._change() as cursor:
            before, running = rows.active(cursor), rows.challenger(cursor)
            if running is not None and (running.model_version, running.digest) == (
                candidate.model_version,
                candidate.digest,
            ):
                return running
            check_trial(candidate, before, running)
            rows.put_artefact(cursor, candidate)
            terms = (candidate.digest, candidate.catalogue_version, candidate.threshold, signature.reason)
            cursor.execute(rows.INSERT_CHALLENGER, (candidate.model_name, candidate.model_version, *terms))
            _decide(cursor, Action.SHADOW, candidate, before, signature)
            begun = rows.challenger(cursor)
        assert begun is not None  # noqa: S101 - inserted just now
        return begun

    def end_trial(
        self, challenger: Challenger, action: Literal[Action.KEEP, Action.REJECT], signature: Signature
    ) -> None:
        """See `Deployments.end_trial`."""
        with self._change() as cursor:
            cursor.execute(f"{rows.END_TRIAL} AND challenger_id = %s", (challenger.challenger_id,))
            if cursor.rowcount == 0:
                raise TemporarilyUnavailable(f"the trial of version {challenger.model_version} has ended meanwhile")
            _decide(cursor, action, challenger, rows.active(cursor), signature)

    def record(self, action: Action, model_name: str, model_version: str, signature: Signature) -> None:
        """See `Deployments.record`."""
        with self._transaction() as cursor:
            rows.decide(cursor, action, model_name, model_version, rows.active(cursor), signature)

    def past(self, most: int) -> Sequence[PastDeployment]:
        """See `Deployments.past`."""
        with self._transaction() as cursor:
            return rows.past(cursor, most)

    def decisions(self, most: int) -> Sequence[Decision]:
        """See `Deployments.decisions`."""
        with self._transaction() as cursor:
            return rows.decisions(cursor, most)

    @contextmanager
    def _change(self) -> Iterator[Cursor]:
        with self._transaction() as cursor:
            cursor.execute(_ONE_AT_A_TIME, (_PROMOTION_LOCK,))
            yield cursor

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        connection: Connection = connect(self._url, application="fraudstream-promote")
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(_LIMITS)
                yield cursor
        except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction) as error:
            raise ConfigurationError(
                f"the database role {make_url(self._url).username} may not do this ({error}); "
                "DATABASE_URL must name the role that promotes"
            ) from error
        except psycopg2.Error as error:
            raise TemporarilyUnavailable(f"PostgreSQL did not take the promotion: {error}") from error
        finally:
            connection.close()


def _unchanged(cursor: Cursor, instead_of: Deployment | None) -> Deployment | None:
    """The active deployment, which must be the one that the caller decided to replace."""
    found = rows.active(cursor)
    if instead_of is not None and (found is None or found.deployment_id != instead_of.deployment_id):
        raise TemporarilyUnavailable(
            f"version {instead_of.model_version} is not at work any more, another decision came first; "
            "look with `fraudstream models` and decide again"
        )
    return found


def _decide(
    cursor: Cursor, action: Action, about: Candidate | Challenger, before: Deployment | None, signature: Signature
) -> None:
    rows.decide(cursor, action, about.model_name, about.model_version, before, signature)
