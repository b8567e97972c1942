"""Nothing that fails the gate reaches the scorer."""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np
import pytest
from tests.unit.training.models import a_constant_model

from fraudstream.adapters.memory_deployments import MemoryDeployments
from fraudstream.adapters.memory_registry import MemoryRegistry
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.arrays import Trees
from fraudstream.models.initial_state import load_state
from fraudstream.ports.life_cycle import Action, Signature
from fraudstream.ports.registry import CHAMPION, ModelVersion, TrainingRun
from fraudstream.ports.slices import Deployment
from fraudstream.training.admission import SLOWEST_ROW, check_latency
from fraudstream.training.parts import DIGEST_TAG, MODEL_FILE, STATE_DIGEST_TAG, STATE_FILE
from fraudstream.training.promote import promote_version
from fraudstream.training.train import Trained


@dataclass
class BrokenDeployments(MemoryDeployments):
    """Takes no promotion."""

    def _unchanged(self, instead_of: Deployment | None) -> Deployment | None:  # noqa: ARG002
        raise TemporarilyUnavailable("PostgreSQL did not take the promotion")


TRIED = Signature("ana", "tried")


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def deployments() -> MemoryDeployments:
    return MemoryDeployments()


def registered(registry: MemoryRegistry, run: TrainingRun) -> ModelVersion:
    return registry.register(run)


def with_model(trained: Trained, content: bytes) -> TrainingRun:
    """The training with another model file, and the digest of that one."""
    run = trained.run
    return dataclasses.replace(
        run,
        artefacts={**run.artefacts, MODEL_FILE: content},
        tags={**run.tags, DIGEST_TAG: digest_of(content)},
    )


def test_a_good_version_is_deployed_with_state_and_becomes_champion(
    registry: MemoryRegistry, deployments: MemoryDeployments, trained: Trained
) -> None:
    version = registered(registry, trained.run)

    deployment = promote_version(registry, deployments, version, Signature("ana", "better"))

    assert deployments.active() == deployment
    assert deployment.digest == trained.run.tags[DIGEST_TAG]
    assert deployment.threshold == trained.model.threshold
    assert deployments.artefact(deployment.digest) == trained.run.artefacts[MODEL_FILE]
    assert deployments.has_state(CATALOGUE_VERSION)
    [decision] = deployments.decisions(10)
    assert (decision.action, decision.model_version) == (Action.PROMOTE, "1")
    assert decision.signature == Signature("ana", "better")
    assert registry.find_alias(CHAMPION) == version


def test_state_that_is_there_already_is_not_fetched_again(registry: MemoryRegistry, trained: Trained) -> None:
    kept = load_state(trained.run.artefacts[STATE_FILE])
    deployments = MemoryDeployments(states={CATALOGUE_VERSION: kept})
    run = dataclasses.replace(trained.run, artefacts={MODEL_FILE: trained.run.artefacts[MODEL_FILE]})

    promote_version(registry, deployments, registered(registry, run), TRIED)

    assert deployments.states == {CATALOGUE_VERSION: kept}


def tampered(trained: Trained) -> TrainingRun:
    content = bytearray(trained.run.artefacts[MODEL_FILE])
    content[-100] ^= 1
    return dataclasses.replace(trained.run, artefacts={**trained.run.artefacts, MODEL_FILE: bytes(content)})


def of_another_catalogue(trained: Trained) -> TrainingRun:
    return with_model(trained, to_bytes(dataclasses.replace(trained.model, catalogue_version=CATALOGUE_VERSION + 1)))


def with_other_features(trained: Trained) -> TrainingRun:
    names = trained.model.feature_names[::-1]
    return with_model(trained, to_bytes(dataclasses.replace(trained.model, feature_names=names)))


def with_wrong_golden_scores(trained: Trained) -> TrainingRun:
    scores = trained.model.golden_scores + 1e-6
    return with_model(trained, to_bytes(dataclasses.replace(trained.model, golden_scores=scores)))


def that_always_says_the_same(trained: Trained) -> TrainingRun:
    return with_model(trained, to_bytes(a_constant_model(trained.model)))


def with_numbers_that_are_none(trained: Trained) -> TrainingRun:
    body = trained.model.body
    assert isinstance(body, Trees)
    value = body.value.copy()
    value[-1] = np.nan
    return with_model(
        trained, to_bytes(dataclasses.replace(trained.model, body=dataclasses.replace(body, value=value)))
    )


def that_overflows(trained: Trained) -> TrainingRun:
    """Every number in it is finite, and what they add up to is not."""
    body = trained.model.body
    assert isinstance(body, Trees)
    value = np.where(np.arange(len(body.value)) % 2, 1e308, -1e308)
    return with_model(
        trained, to_bytes(dataclasses.replace(trained.model, body=dataclasses.replace(body, value=value, scale=1e9)))
    )


def with_damaged_state(trained: Trained) -> TrainingRun:
    artefacts = {**trained.run.artefacts, STATE_FILE: trained.run.artefacts[STATE_FILE][:-1]}
    return dataclasses.replace(trained.run, artefacts=artefacts)


def without_a_digest(trained: Trained) -> TrainingRun:
    tags = {name: value for name, value in trained.run.tags.items() if name != STATE_DIGEST_TAG}
    return dataclasses.replace(trained.run, tags=tags)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (tampered, "the model has SHA-256"),
        (of_another_catalogue, "trained on feature catalogue"),
        (with_other_features, "features differ from the catalogue's"),
        (with_wrong_golden_scores, "golden vector"),
        (that_always_says_the_same, "gives every golden payment the same score"),
        (with_numbers_that_are_none, "a value is not finite"),
        (that_overflows, "golden vector"),
        (with_damaged_state, "the initial state has SHA-256"),
        (without_a_digest, "has no tag initial_state_sha256"),
    ],
)
def test_whatever_fails_the_gate_changes_nothing(
    registry: MemoryRegistry,
    deployments: MemoryDeployments,
    trained: Trained,
    spoil: Callable[[Trained], TrainingRun],
    complaint: str,
) -> None:
    version = registered(registry, spoil(trained))

    with pytest.raises(ModelUnavailable, match=complaint):
        promote_version(registry, deployments, version, TRIED)

    assert deployments.active() is None
    assert registry.aliases == {}
    [decision] = deployments.decisions(10)
    assert (decision.action, decision.model_version, decision.signature.author) == (Action.REJECT, "1", "ana")
    assert re.search(complaint, decision.signature.reason)


def test_the_champion_moves_only_after_the_database_has_it(registry: MemoryRegistry, trained: Trained) -> None:
    version = registered(registry, trained.run)

    with pytest.raises(TemporarilyUnavailable, match="did not take the promotion"):
        promote_version(registry, BrokenDeployments(), version, TRIED)

    assert registry.aliases == {}


def test_a_model_that_is_too_slow_is_not_deployed(
    registry: MemoryRegistry, deployments: MemoryDeployments, trained: Trained
) -> None:
    ticks = count()

    with pytest.raises(ModelUnavailable, match="for one payment"):
        promote_version(
            registry, deployments, registered(registry, trained.run), TRIED, timer=lambda: float(next(ticks))
        )

    assert deployments.active() is None
    assert [decision.action for decision in deployments.decisions(10)] == [Action.REJECT]


def test_a_model_too_slow_for_one_payment_is_refused(trained: Trained) -> None:
    ticks = count()

    with pytest.raises(ModelUnavailable, match=r"takes 10\.00 ms for one payment, more than 2 ms"):
        check_latency(trained.model, timer=lambda: next(ticks) * 5 * SLOWEST_ROW)


def test_one_slow_moment_of_the_machine_does_not_refuse_a_model(trained: Trained) -> None:
    times = iter([0.0, 1.0] + [1.0] * 1_000)

    assert check_latency(trained.model, timer=lambda: next(times)) == 0.0
