"""`Deployments` in memory, held to the same suite as the ones in Postgres."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from fraudstream.clock import Clock, ManualClock
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
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

ROLE = "memory"


@dataclass
class MemoryDeployments:
    """Everything that is known of models, the newest row last."""

    clock: Clock = field(default_factory=ManualClock)
    artefacts: dict[str, bytes] = field(default_factory=dict)
    states: dict[int, InitialState] = field(default_factory=dict)
    rebuilt: set[int] = field(default_factory=set)
    """Catalogue versions whose state stands where logs and labels do."""
    _switched_to: set[int] = field(default_factory=set)
    _past: list[PastDeployment] = field(default_factory=list)
    _trials: list[Challenger] = field(default_factory=list)
    _on_trial: Challenger | None = None
    _decisions: list[Decision] = field(default_factory=list)

    def active(self) -> Deployment | None:
        """See `Deployments.active`."""
        return self._past[-1].deployment if self._past else None

    def challenger(self) -> Challenger | None:
        """See `Deployments.challenger`."""
        return self._on_trial

    def has_state(self, catalogue_version: int) -> bool:
        """See `Deployments.has_state`."""
        return catalogue_version in self.states or catalogue_version in self._switched_to

    def artefact(self, digest: str) -> bytes:
        """See `Deployments.artefact`."""
        if digest not in self.artefacts:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored")
        return self.artefacts[digest]

    def deploy(
        self,
        candidate: Candidate,
        state: InitialState | None,
        signature: Signature,
        *,
        instead_of: Deployment | None = None,
    ) -> Deployment:
        """See `Deployments.deploy`."""
        before = self._unchanged(instead_of)
        if before is not None and (self._past[-1].model_name, before.model_version, before.digest) == (
            candidate.model_name,
            candidate.model_version,
            candidate.digest,
        ):
            return before
        self._switch_state(before, candidate.catalogue_version)
        self.artefacts.setdefault(candidate.digest, candidate.content)
        if state is not None and (before is None or before.catalogue_version == candidate.catalogue_version):
            self.states.setdefault(candidate.catalogue_version, state)
        terms = (candidate.model_version, candidate.digest, candidate.catalogue_version, candidate.threshold)
        deployed = self._activate(candidate.model_name, Deployment(0, *terms), signature, restores=None)
        self._decide(Action.PROMOTE, candidate.model_name, candidate.model_version, before, signature)
        return deployed

    def restore(self, past: PastDeployment, signature: Signature, *, instead_of: Deployment) -> Deployment:
        """See `Deployments.restore`."""
        before, wanted = self._unchanged(instead_of), past.deployment
        self._switch_state(before, wanted.catalogue_version)
        restored = self._activate(past.model_name, wanted, signature, restores=past.restores or wanted.deployment_id)
        self._decide(Action.ROLLBACK, past.model_name, wanted.model_version, before, signature)
        return restored

    def begin_trial(self, candidate: Candidate, signature: Signature) -> Challenger:
        """See `Deployments.begin_trial`."""
        running = self._on_trial
        if running is not None and (running.model_version, running.digest) == (
            candidate.model_version,
            candidate.digest,
        ):
            return running
        check_trial(candidate, self.active(), running)
        self.artefacts.setdefault(candidate.digest, candidate.content)
        self._on_trial = Challenger(
            challenger_id=len(self._trials) + 1,
            model_name=candidate.model_name,
            model_version=candidate.model_version,
            digest=candidate.digest,
            catalogue_version=candidate.catalogue_version,
            threshold=candidate.threshold,
            reason=signature.reason,
            started_at=self._moment(),
        )
        self._trials.append(self._on_trial)
        self._decide(Action.SHADOW, candidate.model_name, candidate.model_version, self.active(), signature)
        return self._on_trial

    def end_trial(
        self, challenger: Challenger, action: Literal[Action.KEEP, Action.REJECT], signature: Signature
    ) -> None:
        """See `Deployments.end_trial`."""
        if self._on_trial is None or self._on_trial.challenger_id != challenger.challenger_id:
            raise TemporarilyUnavailable(f"the trial of version {challenger.model_version} has ended meanwhile")
        self._on_trial = None
        self._decide(action, challenger.model_name, challenger.model_version, self.active(), signature)

    def record(self, action: Action, model_name: str, model_version: str, signature: Signature) -> None:
        """See `Deployments.record`."""
        self._decide(action, model_name, model_version, self.active(), signature)

    def past(self, most: int) -> Sequence[PastDeployment]:
        """See `Deployments.past`."""
        return self._past[::-1][:most]

    def decisions(self, most: int) -> Sequence[Decision]:
        """See `Deployments.decisions`."""
        return self._decisions[::-1][:most]

    def _activate(self, name: str, wanted: Deployment, signature: Signature, *, restores: int | None) -> Deployment:
        if self._past:
            self._past[-1] = replace(self._past[-1], active=False)
        deployed = replace(wanted, deployment_id=len(self._past) + 1)
        self._past.append(
            PastDeployment(
                deployment=deployed,
                model_name=name,
                reason=signature.reason,
                active=True,
                activated_at=self._moment(),
                restores=restores,
            )
        )
        trial = self._on_trial
        if trial is not None and (
            trial.digest == deployed.digest or trial.catalogue_version != deployed.catalogue_version
        ):
            self._on_trial = None
        return deployed

    def _switch_state(self, before: Deployment | None, catalogue_version: int) -> None:
        if before is None or before.catalogue_version == catalogue_version:
            return
        if catalogue_version not in self.rebuilt:
            raise ModelUnavailable(
                f"there is no complete state of catalogue version {catalogue_version}; `fraudstream rebuild-state`"
            )
        self.rebuilt.remove(catalogue_version)
        self._switched_to.add(catalogue_version)

    def _unchanged(self, instead_of: Deployment | None) -> Deployment | None:
        found = self.active()
        if instead_of is not None and (found is None or found.deployment_id != instead_of.deployment_id):
            raise TemporarilyUnavailable(f"version {instead_of.model_version} is not at work any more")
        return found

    def _decide(self, action: Action, name: str, version: str, before: Deployment | None, signature: Signature) -> None:
        previous = None if before is None else before.model_version
        self._decisions.append(Decision(self._moment(), action, name, version, previous, ROLE, signature))

    def _moment(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.clock.now(), dt.UTC)
