"""The way back leads to the last other model that was at work, and needs no registry."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest
from tests.unit.scoring.world import a_model

from fraudstream.adapters.memory_deployments import MemoryDeployments
from fraudstream.adapters.memory_registry import MemoryRegistry
from fraudstream.errors import ConfigurationError, ModelUnavailable, TemporarilyUnavailable
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.life_cycle import Action, Candidate, PastDeployment, Signature
from fraudstream.ports.registry import CHAMPION, ModelRegistry, TrainingRun
from fraudstream.ports.slices import Deployment
from fraudstream.training.parts import DIGEST_TAG
from fraudstream.training.rollback import move_champion, roll_back

WHY = Signature("ana", "alerts doubled")


def a_candidate(version: str) -> Candidate:
    model = a_model(version=version)
    content = to_bytes(model)
    return Candidate("m", version, digest_of(content), model.catalogue_version, model.threshold, content)


def deployed(*versions: str) -> MemoryDeployments:
    deployments = MemoryDeployments()
    for version in versions:
        deployments.deploy(a_candidate(version), None, Signature("ana", "promoted"))
    return deployments


def test_the_model_before_is_at_work_again_and_on_record() -> None:
    deployments = deployed("1", "2")
    way = roll_back(deployments, WHY)

    assert deployments.active() == way.restored
    assert (way.restored.model_version, way.instead_of.model_version) == ("1", "2")
    assert way.restored.digest == a_candidate("1").digest
    decision = deployments.decisions(1)[0]
    assert (decision.action, decision.model_version, decision.previous_version) == (Action.ROLLBACK, "1", "2")
    assert decision.signature == WHY


@pytest.mark.parametrize(
    ("history", "steps"),
    [
        (("1", "2", "3"), ["2", "1"]),
        (("1", "2", "1"), ["2", "1"]),
        (("1", "2", "3", "back", "4"), ["2", "1"]),
        (("1", "2", "back", "3", "back", "4"), ["1"]),
    ],
    ids="-".join,
)
def test_each_way_back_goes_one_model_further(history: tuple[str, ...], steps: list[str]) -> None:
    deployments = MemoryDeployments()
    for step in history:
        if step == "back":
            roll_back(deployments, WHY)
        else:
            deployments.deploy(a_candidate(step), None, Signature("ana", "promoted"))

    assert [roll_back(deployments, WHY).restored.model_version for _ in steps] == steps


def test_the_same_model_under_another_version_is_no_way_back() -> None:
    deployments = deployed("1", "2")
    deployments.deploy(replace(a_candidate("2"), model_version="3"), None, Signature("ana", "registered twice"))

    assert roll_back(deployments, WHY).restored.model_version == "1"


def test_a_version_may_be_named() -> None:
    deployments = deployed("1", "2", "3")

    assert roll_back(deployments, WHY, to="1").restored.model_version == "1"
    assert roll_back(deployments, WHY, to="3").restored.model_version == "3"


@pytest.mark.parametrize(
    ("to", "complaint"),
    [("3", "version 3 is at work already"), ("9", "version 9 was never at work")],
)
def test_a_version_that_cannot_come_back_is_told(to: str, complaint: str) -> None:
    deployments = deployed("1", "2", "3")

    with pytest.raises(ModelUnavailable, match=complaint):
        roll_back(deployments, WHY, to=to)
    assert len(deployments.past(10)) == len(deployments.decisions(10)) == 3


def test_where_no_model_was_at_work_there_is_no_way_back() -> None:
    with pytest.raises(ModelUnavailable, match="no model was ever at work"):
        roll_back(MemoryDeployments(), WHY)
    with pytest.raises(ModelUnavailable, match="no other model was at work before version 1"):
        roll_back(deployed("1"), WHY)
    deployments = deployed("1", "2")
    roll_back(deployments, WHY)
    with pytest.raises(ModelUnavailable, match="no other model was at work before version 1"):
        roll_back(deployments, WHY)


def lost(deployments: MemoryDeployments) -> None:
    del deployments.artefacts[a_candidate("1").digest]


def damaged(deployments: MemoryDeployments) -> None:
    deployments.artefacts[a_candidate("1").digest] += b"\x00"


@pytest.mark.parametrize(("spoil", "complaint"), [(lost, "no model artefact"), (damaged, "has SHA-256")])
def test_an_artefact_of_no_use_is_not_put_back(spoil: Callable[[MemoryDeployments], None], complaint: str) -> None:
    deployments = deployed("1", "2")
    before = deployments.active()
    spoil(deployments)

    with pytest.raises(ModelUnavailable, match=complaint):
        roll_back(deployments, WHY)
    assert deployments.active() == before
    assert [decision.action for decision in deployments.decisions(9)] == [Action.REJECT, Action.PROMOTE, Action.PROMOTE]


def test_a_model_that_has_become_too_slow_is_not_put_back() -> None:
    ticks = count()

    with pytest.raises(ModelUnavailable, match="for one payment"):
        roll_back(deployed("1", "2"), WHY, timer=lambda: float(next(ticks)))


class Overtaken(MemoryDeployments):
    """Somebody else promotes between the look and the change."""

    def restore(self, past: PastDeployment, signature: Signature, *, instead_of: Deployment) -> Deployment:
        self.deploy(a_candidate("4"), None, Signature("bo", "urgent"))
        return super().restore(past, signature, instead_of=instead_of)


def test_a_way_back_from_what_is_not_at_work_any_more_is_not_taken() -> None:
    deployments = Overtaken()
    for version in ("1", "2"):
        deployments.deploy(a_candidate(version), None, Signature("ana", "promoted"))

    with pytest.raises(TemporarilyUnavailable, match="not at work any more"):
        roll_back(deployments, WHY)
    active = deployments.active()
    assert active is not None
    assert active.model_version == "4"


def a_registry(*digests: str) -> MemoryRegistry:
    registry = MemoryRegistry()
    for digest in digests:
        registry.register(TrainingRun(0.0, {}, {}, {DIGEST_TAG: digest}, {}))
    return registry


def test_champion_means_what_is_at_work() -> None:
    registry = a_registry("a" * 64, "b" * 64)

    assert move_champion(lambda: registry, Deployment(3, "2", "b" * 64, 1, 0.5)) is None
    assert registry.aliases == {CHAMPION: "2"}


def unreachable() -> ModelRegistry:
    raise TemporarilyUnavailable("MLflow could not be reached")


def not_configured() -> ModelRegistry:
    raise ConfigurationError("MLFLOW_TRACKING_URI is not set")


@pytest.mark.parametrize(
    ("open_registry", "problem"),
    [
        (unreachable, "could not be reached"),
        (not_configured, "MLFLOW_TRACKING_URI is not set"),
        (a_registry, "has no version 2"),
        (lambda: a_registry("a" * 64, "c" * 64), "version 2 of the registry is another model"),
    ],
    ids=["away", "unknown", "empty", "another"],
)
def test_why_champion_could_not_be_moved_is_said(open_registry: Callable[[], ModelRegistry], problem: str) -> None:
    assert problem in (move_champion(open_registry, Deployment(3, "2", "b" * 64, 1, 0.5)) or "")


def test_a_registry_of_other_models_keeps_its_champion() -> None:
    registry = a_registry("a" * 64, "c" * 64)
    registry.set_alias(CHAMPION, "1")
    move_champion(lambda: registry, Deployment(3, "2", "b" * 64, 1, 0.5))

    assert registry.aliases == {CHAMPION: "1"}
