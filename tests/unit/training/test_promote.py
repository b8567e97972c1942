"""Nothing that fails the gate reaches the scorer."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import pytest

from fraudstream.adapters.database.deployment_store import Promotion
from fraudstream.adapters.memory_registry import MemoryRegistry
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.initial_state import InitialState
from fraudstream.ports.registry import CHAMPION, ModelVersion, TrainingRun
from fraudstream.ports.slices import Deployment
from fraudstream.training.promote import SLOWEST_ROW, check_latency, promote_version
from fraudstream.training.train import DIGEST_TAG, MODEL_FILE, STATE_DIGEST_TAG, STATE_FILE, Trained


@dataclass
class KeptDeployments:
    """Remembers what was deployed."""

    with_state: bool = False
    broken: bool = False
    deployed: list[tuple[Promotion, InitialState | None]] = field(default_factory=list)

    def has_state(self, catalogue_version: int) -> bool:
        assert catalogue_version == CATALOGUE_VERSION
        return self.with_state

    def deploy(self, promotion: Promotion, state: InitialState | None) -> Deployment:
        if self.broken:
            raise TemporarilyUnavailable("PostgreSQL did not take the promotion")
        self.deployed.append((promotion, state))
        return Deployment(
            len(self.deployed),
            promotion.model_version,
            promotion.digest,
            promotion.catalogue_version,
            promotion.threshold,
        )


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def deployments() -> KeptDeployments:
    return KeptDeployments()


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
    registry: MemoryRegistry, deployments: KeptDeployments, trained: Trained
) -> None:
    version = registered(registry, trained.run)

    deployment = promote_version(registry, deployments, version, reason="better")

    [(promotion, state)] = deployments.deployed
    assert promotion.content == trained.run.artefacts[MODEL_FILE]
    assert (promotion.reason, promotion.threshold) == ("better", trained.model.threshold)
    assert state is not None
    assert deployment.digest == trained.run.tags[DIGEST_TAG]
    assert registry.find_alias(CHAMPION) == version


def test_state_that_is_there_already_is_not_fetched_again(registry: MemoryRegistry, trained: Trained) -> None:
    deployments = KeptDeployments(with_state=True)
    run = dataclasses.replace(trained.run, artefacts={MODEL_FILE: trained.run.artefacts[MODEL_FILE]})

    promote_version(registry, deployments, registered(registry, run), reason="again")

    assert deployments.deployed[0][1] is None


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
        (with_damaged_state, "the initial state has SHA-256"),
        (without_a_digest, "has no tag initial_state_sha256"),
    ],
)
def test_whatever_fails_the_gate_changes_nothing(
    registry: MemoryRegistry,
    deployments: KeptDeployments,
    trained: Trained,
    spoil: Callable[[Trained], TrainingRun],
    complaint: str,
) -> None:
    version = registered(registry, spoil(trained))

    with pytest.raises(ModelUnavailable, match=complaint):
        promote_version(registry, deployments, version, reason="tried")

    assert deployments.deployed == []
    assert registry.aliases == {}


def test_the_champion_moves_only_after_the_database_has_it(registry: MemoryRegistry, trained: Trained) -> None:
    version = registered(registry, trained.run)

    with pytest.raises(TemporarilyUnavailable, match="did not take the promotion"):
        promote_version(registry, KeptDeployments(broken=True), version, reason="tried")

    assert registry.aliases == {}


def test_a_model_that_is_too_slow_is_not_deployed(
    registry: MemoryRegistry, deployments: KeptDeployments, trained: Trained
) -> None:
    ticks = count()

    with pytest.raises(ModelUnavailable, match="for one payment"):
        promote_version(
            registry, deployments, registered(registry, trained.run), reason="tried", timer=lambda: float(next(ticks))
        )

    assert deployments.deployed == []


def test_a_model_too_slow_for_one_payment_is_refused(trained: Trained) -> None:
    ticks = count()

    with pytest.raises(ModelUnavailable, match=r"takes 10\.00 ms for one payment, more than 2 ms"):
        check_latency(trained.model, timer=lambda: next(ticks) * 5 * SLOWEST_ROW)


def test_one_slow_moment_of_the_machine_does_not_refuse_a_model(trained: Trained) -> None:
    times = iter([0.0, 1.0] + [1.0] * 1_000)

    assert check_latency(trained.model, timer=lambda: next(times)) == 0.0
