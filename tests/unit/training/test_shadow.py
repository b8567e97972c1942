"""A trial begins only with a version that may score payments."""

import dataclasses
from itertools import count

import pytest
from tests.unit.scoring.world import a_model
from tests.unit.training.models import a_constant_model

from fraudstream.adapters.memory_deployments import MemoryDeployments
from fraudstream.adapters.memory_registry import MemoryRegistry
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.arrays import ScoringModel
from fraudstream.ports.life_cycle import Action, Candidate, Signature
from fraudstream.ports.registry import ModelVersion, TrainingRun
from fraudstream.training.overview import overview_lines
from fraudstream.training.parts import DIGEST_TAG, MODEL_FILE
from fraudstream.training.promote import promote_version
from fraudstream.training.shadow import begin_trial, stop_trial

SIGNED = Signature("ana", "newer data")


def registered(registry: MemoryRegistry, model: ScoringModel, **tags: str) -> ModelVersion:
    content = to_bytes(model)
    return registry.register(TrainingRun(0.0, {}, {}, {DIGEST_TAG: digest_of(content)} | tags, {MODEL_FILE: content}))


def with_version_1() -> tuple[MemoryRegistry, MemoryDeployments]:
    registry, deployments = MemoryRegistry(), MemoryDeployments()
    model = a_model(version="1")
    registered(registry, model)
    content = to_bytes(model)
    candidate = Candidate(registry.name, "1", digest_of(content), model.catalogue_version, 0.5, content)
    deployments.deploy(candidate, None, Signature("ana", "first"))
    return registry, deployments


def test_a_registered_version_is_tried_and_can_be_stopped() -> None:
    registry, deployments = with_version_1()
    version = registered(registry, a_model(version="2", threshold=0.25))
    begun = begin_trial(registry, deployments, version, SIGNED)

    assert (begun.model_version, begun.threshold, begun.reason) == ("2", 0.25, "newer data")
    assert stop_trial(deployments, Signature("bo", "enough")) == begun
    assert [(decision.action, decision.signature.author) for decision in deployments.decisions(2)] == [
        (Action.KEEP, "bo"),
        (Action.SHADOW, "ana"),
    ]
    with pytest.raises(ModelUnavailable, match="no version is on trial"):
        stop_trial(deployments, SIGNED)


@pytest.mark.parametrize(
    ("model", "tags", "complaint"),
    [
        (a_model(version="2"), {DIGEST_TAG: "f" * 64}, "has SHA-256"),
        (dataclasses.replace(a_model(), catalogue_version=99), {}, "feature catalogue 99"),
        (dataclasses.replace(a_model(), golden_scores=a_model().golden_scores + 1e-6), {}, "golden vector"),
        (dataclasses.replace(a_model(), threshold=0.0), {}, "not a probability"),
        (a_constant_model(a_model()), {}, "same score"),
    ],
    ids=["damaged", "another catalogue", "another result", "no threshold", "a constant"],
)
def test_what_is_refused_is_not_tried_and_the_champion_stays(
    model: ScoringModel, tags: dict[str, str], complaint: str
) -> None:
    registry, deployments = with_version_1()
    before = deployments.active()

    with pytest.raises(ModelUnavailable, match=complaint):
        begin_trial(registry, deployments, registered(registry, model, **tags), SIGNED)
    assert (deployments.active(), deployments.challenger()) == (before, None)
    decision = deployments.decisions(1)[0]
    assert (decision.action, decision.model_version, decision.previous_version) == (Action.REJECT, "2", "1")


def test_what_is_too_slow_is_not_tried() -> None:
    registry, deployments = with_version_1()
    ticks = count()

    with pytest.raises(ModelUnavailable, match="for one payment"):
        begin_trial(
            registry, deployments, registered(registry, a_model(version="2")), SIGNED, timer=lambda: float(next(ticks))
        )
    assert deployments.challenger() is None


@dataclasses.dataclass
class AwayRegistry(MemoryRegistry):
    """Knows its versions and cannot fetch their files."""

    def artefact(self, version: ModelVersion, name: str) -> bytes:
        raise TemporarilyUnavailable(f"MLflow could not be reached for {name} of version {version.version}")


def test_an_unreachable_registry_changes_nothing_and_rejects_nothing() -> None:
    registry, deployments = with_version_1()
    before = deployments.active()
    away = AwayRegistry(versions=registry.versions)
    version = registered(away, a_model(version="2"))

    for attempt in (begin_trial, promote_version):
        with pytest.raises(TemporarilyUnavailable, match="could not be reached"):
            attempt(away, deployments, version, SIGNED)
    assert (deployments.active(), deployments.challenger()) == (before, None)
    assert [decision.action for decision in deployments.decisions(9)] == [Action.PROMOTE]


def test_the_overview_says_who_is_where_since_when_and_why() -> None:
    registry, deployments = with_version_1()
    begin_trial(registry, deployments, registered(registry, a_model(version="2")), SIGNED)
    lines = overview_lines(deployments, most=5)

    assert lines[0].startswith("at work:  version 1 of fraudstream since 2025-06-15 15:06:40 UTC, because: first")
    assert lines[1].startswith("on trial: version 2 of fraudstream since")
    assert lines[1].endswith("because: newer data")
    assert any("shadow    version 2    by ana as memory, at work: 1: newer data" in line for line in lines)


def test_an_overview_of_nothing_says_what_comes_first() -> None:
    lines = overview_lines(MemoryDeployments(), most=5)

    assert "`fraudstream train` and `fraudstream promote`" in lines[0]
    assert lines[1] == "on trial: no version"
