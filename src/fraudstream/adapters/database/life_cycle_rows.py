"""Deployments, trials and decisions as rows; every function works in the caller's transaction."""

import json
import math
from collections.abc import Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.ports.life_cycle import Action, Candidate, Challenger, Decision, Figures, PastDeployment, Signature
from fraudstream.ports.slices import Deployment

ACTIVE = "SELECT deployment_id, model_version, digest, catalogue_version, threshold FROM deployments WHERE active"
PAST = """
SELECT deployment_id, model_version, digest, catalogue_version, threshold, model_name, reason, active, activated_at,
       restores
FROM deployments ORDER BY deployment_id DESC LIMIT %s
"""
INSERT_DEPLOYMENT = """
INSERT INTO deployments (model_name, model_version, digest, catalogue_version, threshold, reason, active, restores)
VALUES (%s, %s, %s, %s, %s, %s, true, %s)
"""
CHALLENGER = """
SELECT challenger_id, model_name, model_version, digest, catalogue_version, threshold, reason, started_at
FROM challengers WHERE active
"""
INSERT_CHALLENGER = """
INSERT INTO challengers (model_name, model_version, digest, catalogue_version, threshold, reason, active)
VALUES (%s, %s, %s, %s, %s, %s, true)
"""
END_TRIAL = "UPDATE challengers SET active = false, ended_at = clock_timestamp() WHERE active"
INSERT_DECISION = """
INSERT INTO model_decisions (action, model_name, model_version, previous_version, author, reason, figures)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
DECISIONS = """
SELECT at, action, model_name, model_version, previous_version, role, author, reason, figures
FROM model_decisions ORDER BY decision_id DESC LIMIT %s
"""


def active(cursor: Cursor) -> Deployment | None:
    """The active deployment."""
    row = _first(cursor, ACTIVE)
    return None if row is None else Deployment(*row)


def is_active(cursor: Cursor, candidate: Candidate) -> bool:
    """Whether the active deployment is of this very version."""
    cursor.execute(
        "SELECT FROM deployments WHERE active AND (model_name, model_version, digest) = (%s, %s, %s)",
        (candidate.model_name, candidate.model_version, candidate.digest),
    )
    return cursor.fetchone() is not None


def challenger(cursor: Cursor) -> Challenger | None:
    """The version on trial."""
    row = _first(cursor, CHALLENGER)
    return None if row is None else Challenger(*row)


def past(cursor: Cursor, most: int) -> Sequence[PastDeployment]:
    """The latest deployments, the newest first."""
    cursor.execute(PAST, (most,))
    return [PastDeployment(Deployment(*row[:5]), *row[5:]) for row in cursor.fetchall()]


def decisions(cursor: Cursor, most: int) -> Sequence[Decision]:
    """The latest decisions, the newest first."""
    cursor.execute(DECISIONS, (most,))
    return [
        Decision(at, Action(action), name, version, previous, role, Signature(author, reason, figures))
        for at, action, name, version, previous, role, author, reason, figures in cursor.fetchall()
    ]


def put_artefact(cursor: Cursor, candidate: Candidate) -> None:
    """Store the artefact if it isn't there."""
    cursor.execute(
        "INSERT INTO model_artefacts (digest, content) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (candidate.digest, candidate.content),
    )


def activate(
    cursor: Cursor, name: str, deployment: Deployment | Candidate, reason: str, *, restores: int | None
) -> Deployment:
    """Make a version the active one, and end a trial that has lost its sense by that."""
    cursor.execute("UPDATE deployments SET active = false WHERE active")
    terms = (deployment.model_version, deployment.digest, deployment.catalogue_version, deployment.threshold)
    cursor.execute(INSERT_DEPLOYMENT, (name, *terms, reason, restores))
    cursor.execute(
        f"{END_TRIAL} AND (digest = %s OR catalogue_version <> %s)", (deployment.digest, deployment.catalogue_version)
    )
    inserted = active(cursor)
    assert inserted is not None  # noqa: S101 - inserted just now
    return inserted


def decide(
    cursor: Cursor, action: Action, name: str, version: str, previous: Deployment | None, signature: Signature
) -> None:
    """Write one line of the record."""
    values = (signature.author, signature.reason, json.dumps(plain(signature.figures)))
    cursor.execute(INSERT_DECISION, (action.value, name, version, previous and previous.model_version, *values))


def plain(figures: Figures) -> dict[str, float | str | None]:
    """Figures as JSON can hold them."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in figures.items()
    }


def _first(cursor: Cursor, query: str) -> tuple[Any, ...] | None:
    cursor.execute(query)
    return cursor.fetchone()
