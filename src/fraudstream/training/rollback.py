"""The way back: an earlier deployment is at work again, whatever the registry is doing."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fraudstream.errors import FraudstreamError, ModelUnavailable
from fraudstream.ports.life_cycle import Deployments, PastDeployment, Signature
from fraudstream.ports.registry import CHAMPION, ModelRegistry
from fraudstream.ports.slices import Deployment
from fraudstream.training.admission import Timer, check_artefact, rejection_recorded
from fraudstream.training.parts import DIGEST_TAG

REMEMBERED = 1_000
"""How many deployments are looked at."""

OpenRegistry = Callable[[], ModelRegistry]


@dataclass(frozen=True)
class WayBack:
    """What is at work now, and instead of what."""

    restored: Deployment
    instead_of: Deployment


def roll_back(
    deployments: Deployments, signature: Signature, *, to: str | None = None, timer: Timer = time.perf_counter
) -> WayBack:
    """Make the deployment before the active one active again, or the latest of version `to`.

    The artefact comes from the database, and is checked as for a promotion.

    Raises:
        ModelUnavailable: there is no such deployment, or its artefact is of no use any more; nothing has changed.
        TemporarilyUnavailable: the database did not answer, or somebody else has just changed the deployment.
    """
    past = deployments.past(REMEMBERED)
    if not past:
        raise ModelUnavailable("no model was ever at work; `fraudstream promote` puts one to work")
    target = before(past) if to is None else latest_of(past, to)
    wanted = target.deployment
    with rejection_recorded(deployments, target.model_name, wanted.model_version, signature.author):
        check_artefact(deployments.artefact(wanted.digest), digest=wanted.digest, timer=timer)
    active = past[0].deployment
    return WayBack(deployments.restore(target, signature, instead_of=active), active)


def before(past: Sequence[PastDeployment]) -> PastDeployment:
    """The deployment before the first of these, which are the newest first.

    A way back counts as the deployment that it brought back: two of them in a row go two deployments back.

    Raises:
        ModelUnavailable: it was the first model at work.
    """
    current = past[0]
    place = current.restores or current.deployment.deployment_id
    for row in past:
        if row.deployment.deployment_id < place and row.deployment.digest != current.deployment.digest:
            return row
    raise ModelUnavailable(f"no other model was at work before version {current.deployment.model_version}")


def latest_of(past: Sequence[PastDeployment], version: str) -> PastDeployment:
    """The latest deployment of a version among these, which are the newest first.

    Raises:
        ModelUnavailable: the version is at work now, or never was.
    """
    if past[0].deployment.model_version == version:
        raise ModelUnavailable(f"version {version} is at work already")
    for row in past:
        if row.deployment.model_version == version:
            return row
    raise ModelUnavailable(f"version {version} was never at work; `fraudstream promote --version {version}` checks it")


def move_champion(open_registry: OpenRegistry, deployed: Deployment) -> str | None:
    """Let `champion` mean what is deployed; says why that could not be done, and never raises for it."""
    try:
        registry = open_registry()
        version = registry.find(deployed.model_version)
        if version.tags.get(DIGEST_TAG) != deployed.digest:
            return f"version {deployed.model_version} of the registry is another model"
        registry.set_alias(CHAMPION, deployed.model_version)
    except FraudstreamError as error:
        return str(error)
    return None
