"""The models: at work, on trial, gone; compared, put to work and taken back with a reason."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from fraudstream.dashboard.doors import Admin, Viewer, Visitor
from fraudstream.dashboard.rendering import page
from fraudstream.errors import ImpossibleRequest, ModelUnavailable
from fraudstream.models.archive import load_model
from fraudstream.ports.life_cycle import Candidate, Signature
from fraudstream.ports.slices import Deployment
from fraudstream.training.gate import GateRules, examine
from fraudstream.training.rollback import roll_back

MOST = 30
"""Deployments and decisions that are shown."""
SHORTEST_REASON = 5

router = APIRouter(include_in_schema=False)


@router.get("/models")
def models(request: Request, visitor: Viewer) -> Response:
    """What is at work and on trial, and how it came to that."""
    deployments = visitor.parts.deployments
    behind = request.query_params.get("registry") == "behind"
    past = deployments.past(MOST)
    versions = {row.deployment.model_version for row in past[1:]} - {past[0].deployment.model_version} if past else ()
    return page(
        "models.html",
        visitor,
        active=past[0] if past and past[0].active else None,
        challenger=deployments.challenger(),
        past=past,
        earlier=sorted(versions),
        decisions=deployments.decisions(MOST),
        behind=behind,
    )


@router.get("/models/comparison")
def comparison(visitor: Viewer) -> Response:
    """The version on trial beside the one at work, on payments whose labels have matured."""
    parts = visitor.parts
    try:
        report = examine(parts.deployments, parts.matured, GateRules())
    except ModelUnavailable as error:
        return page("notice.html", visitor, sentence=str(error), good=False)
    return page("comparison.html", visitor, report=report)


@router.get("/models/{digest}/card")
def card(digest: str, visitor: Viewer) -> Response:
    """What is known of one model: where it served, what was decided about it, and what it is made of."""
    deployments = visitor.parts.deployments
    served = [row for row in deployments.past(1_000) if row.deployment.digest == digest]
    running = deployments.challenger()
    tried = running if running is not None and running.digest == digest else None
    if not served and tried is None:
        raise HTTPException(404)
    version = served[0].deployment.model_version if served else tried.model_version if tried else ""
    model = load_model(deployments.artefact(digest), digest=digest)
    decided = [decision for decision in deployments.decisions(1_000) if decision.model_version == version]
    shown: dict[str, Any] = {
        "digest": digest,
        "served": served,
        "tried": tried,
        "model": model,
        "decided": decided[:MOST],
    }
    return page("card.html", visitor, model_version=version, kind=type(model.body).__name__, **shown)


@router.post("/models/promote")
def promote(visitor: Admin) -> Response:
    """Put the version on trial to work, if it is the one that was looked at."""
    deployments = visitor.parts.deployments
    reason = _reason(visitor)
    active, tried = deployments.active(), deployments.challenger()
    if tried is None or tried.digest != visitor.form.one("digest"):
        raise ImpossibleRequest("that version is not on trial any more; load the page again")
    _check_seen(visitor, active)
    terms = (tried.model_name, tried.model_version, tried.digest, tried.catalogue_version, tried.threshold)
    candidate = Candidate(*terms, deployments.artefact(tried.digest))
    deployed = deployments.deploy(candidate, None, Signature(visitor.name, reason), instead_of=active)
    visitor.note("promoted a model", f"version {deployed.model_version}", reason)
    return RedirectResponse(_after(visitor, deployed), 303)


@router.post("/models/rollback")
def rollback(visitor: Admin) -> Response:
    """Put an earlier version back to work."""
    deployments = visitor.parts.deployments
    reason = _reason(visitor)
    _check_seen(visitor, deployments.active())
    version = visitor.form.one("version") or None
    way = roll_back(deployments, Signature(visitor.name, reason), to=version)
    visitor.note("rolled a model back", f"version {way.restored.model_version}", reason)
    return RedirectResponse(_after(visitor, way.restored), 303)


def _after(visitor: Visitor, deployed: Deployment) -> str:
    """Let the registry's alias follow; where to go then. Scoring goes by the database, so trouble is only told."""
    aliases = visitor.parts.aliases
    trouble = "none is named here" if aliases is None else aliases.move_champion(deployed)
    about = f"version {deployed.model_version}"
    visitor.note("moved the alias champion" if trouble is None else "left the alias champion", about, trouble or "")
    return "/models" if trouble is None else "/models?registry=behind"


def _reason(visitor: Visitor) -> str:
    reason = visitor.form.one("reason")
    if len(reason) < SHORTEST_REASON:
        raise ImpossibleRequest(f"give a reason of at least {SHORTEST_REASON} characters: it stands in the record")
    return reason


def _check_seen(visitor: Visitor, active: Deployment | None) -> None:
    """Whoever decides must have seen what is at work."""
    if active is None or str(active.deployment_id) != visitor.form.one("deployment"):
        raise ImpossibleRequest("another model is at work meanwhile; load the page again and decide again")
