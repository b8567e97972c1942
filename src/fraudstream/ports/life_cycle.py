"""The port of a model's life: at work, on trial beside it, gone, and who decided so.

`adapters.database.deployment_store` and `adapters.memory_deployments` implement it;
`tests/ports/test_deployments.py` holds both to the same contract.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from fraudstream.errors import ModelUnavailable
from fraudstream.models.initial_state import InitialState
from fraudstream.ports.slices import Deployment

Figures = Mapping[str, float | str | None]
"""What a decision was based on, by name; a number that is not finite is kept as text."""


class Action(StrEnum):
    """What was decided about a model version."""

    TRAIN = "train"
    """It was trained and registered."""
    SHADOW = "shadow"
    """It scores live payments beside the deployed one."""
    PROMOTE = "promote"
    """It was deployed."""
    KEEP = "keep"
    """It was tried and is no better than the deployed one, which stays; its trial has ended."""
    REJECT = "reject"
    """It must not be used."""
    ROLLBACK = "rollback"
    """It is at work again, in place of a later one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model version that may be put to work; `content` is its scoring artefact, `digest` the SHA-256 of it."""

    model_name: str
    model_version: str
    digest: str
    catalogue_version: int
    threshold: float
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who decides, why, and on which figures."""

    author: str
    reason: str
    figures: Figures = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastDeployment:
    """One row of the history of deployments; `restores` is the one that it brought back, if it did."""

    deployment: Deployment
    model_name: str
    reason: str
    active: bool
    activated_at: dt.datetime
    restores: int | None


@dataclass(frozen=True, slots=True)
class Challenger:
    """A version on trial: it scores live payments beside the deployed one."""

    challenger_id: int
    model_name: str
    model_version: str
    digest: str
    catalogue_version: int
    threshold: float
    reason: str
    started_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the record; `role` is the database role that wrote it, whoever `signature.author` names."""

    at: dt.datetime
    action: Action
    model_name: str
    model_version: str
    previous_version: str | None
    role: str
    signature: Signature


class Deployments(Protocol):
    """Which model scores, which is on trial, and the record of every decision.

    Each change is one transaction with its line of the record; changes wait for each other. Where a caller names what
    it decided about (`instead_of`, a challenger), a change in between raises `TemporarilyUnavailable` and nothing is
    written. Every call raises that, too, if the store does not answer.
    """

    def active(self) -> Deployment | None:
        """What the next slice scores with; nothing before the first promotion."""
        ...

    def challenger(self) -> Challenger | None:
        """The version on trial."""
        ...

    def has_state(self, catalogue_version: int) -> bool:
        """Whether the state of a catalogue version is there already."""
        ...

    def artefact(self, digest: str) -> bytes:
        """The scoring artefact with this SHA-256.

        Raises:
            ModelUnavailable: it is not stored.
        """
        ...

    def deploy(
        self,
        candidate: Candidate,
        state: InitialState | None,
        signature: Signature,
        *,
        instead_of: Deployment | None = None,
    ) -> Deployment:
        """Make a version the active one; does nothing, and records nothing, if it is active already.

        `state` is written only where its catalogue version has none yet, with the payments that still wait for a
        label, and only if no model of another catalogue version is at work. Instead of one, a version is deployed with
        the state that was rebuilt for it, in the same transaction. A trial ends if it was of this version, or of
        another catalogue version.

        Raises:
            ModelUnavailable: another catalogue version is at work, and this one's state was not rebuilt to where logs
                and labels stand; nothing has changed.
        """
        ...

    def restore(self, past: PastDeployment, signature: Signature, *, instead_of: Deployment) -> Deployment:
        """Make an earlier deployment active again, as a new row; state, trial and errors are as with `deploy`."""
        ...

    def begin_trial(self, candidate: Candidate, signature: Signature) -> Challenger:
        """Let a version score beside the active one; does nothing, and records nothing, if it does so already.

        Raises:
            ModelUnavailable: nothing is active, it is the active one itself, it reads another feature catalogue, or
                another version is on trial.
        """
        ...

    def end_trial(
        self, challenger: Challenger, action: Literal[Action.KEEP, Action.REJECT], signature: Signature
    ) -> None:
        """End the trial of a version."""
        ...

    def record(self, action: Action, model_name: str, model_version: str, signature: Signature) -> None:
        """Add a decision that changes nothing here."""
        ...

    def past(self, most: int) -> Sequence[PastDeployment]:
        """The latest deployments, the newest first."""
        ...

    def decisions(self, most: int) -> Sequence[Decision]:
        """The latest decisions, the newest first."""
        ...


def check_trial(candidate: Candidate, active: Deployment | None, running: Challenger | None) -> None:
    """Whether a version may be tried beside the active one.

    Raises:
        ModelUnavailable: says why not.
    """
    version = candidate.model_version
    if active is None:
        raise ModelUnavailable(f"no model is at work that version {version} could be tried beside; promote it")
    if candidate.digest == active.digest:
        raise ModelUnavailable(f"version {version} has the same artefact as version {active.model_version}, at work")
    if candidate.catalogue_version != active.catalogue_version:
        raise ModelUnavailable(
            f"version {version} reads feature catalogue {candidate.catalogue_version}, the one at work "
            f"{active.catalogue_version}; only models on the same features can be compared"
        )
    if running is not None:
        raise ModelUnavailable(
            f"version {running.model_version} is on trial since {running.started_at:%Y-%m-%d %H:%M} UTC; "
            "end that with `fraudstream gate --promote` or `fraudstream shadow --stop`"
        )
