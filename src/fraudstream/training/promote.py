"""The gate between a registered version and the scorer: whatever does not pass never reaches a payment."""

import statistics
import time
from collections.abc import Callable
from typing import Protocol

from fraudstream.adapters.database.deployment_store import Promotion
from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.models.archive import digest_of, load_model
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.initial_state import InitialState, load_state
from fraudstream.models.walker import score
from fraudstream.ports.registry import CHAMPION, ModelRegistry, ModelVersion
from fraudstream.ports.slices import Deployment
from fraudstream.training.train import DIGEST_TAG, MODEL_FILE, STATE_DIGEST_TAG, STATE_FILE

SLOWEST_ROW = 0.002
"""Seconds the median score of a single payment may take; boosted trees as trained here take some microseconds."""
TRIED_ROWS = 50

Timer = Callable[[], float]


class Deployments(Protocol):
    """What a promotion needs of the database, see `PostgresDeployments`."""

    def has_state(self, catalogue_version: int) -> bool:
        """Whether the state of a catalogue version is there already."""
        ...

    def deploy(self, promotion: Promotion, state: InitialState | None) -> Deployment:
        """Make a model the active one, and write the state if its catalogue version has none."""
        ...


def promote_version(
    registry: ModelRegistry,
    deployments: Deployments,
    version: ModelVersion,
    *,
    reason: str,
    timer: Timer = time.perf_counter,
) -> Deployment:
    """Check a version, deploy it in one transaction, and let `champion` mean it.

    Raises:
        ModelUnavailable: an artefact is missing, damaged, of another catalogue, or too slow; nothing has changed.
        TemporarilyUnavailable: registry or database did not answer.
    """
    digest = _tag(version, DIGEST_TAG)
    content = registry.artefact(version, MODEL_FILE)
    model = load_model(content, digest=digest)
    check_latency(model, timer=timer)
    state = None if deployments.has_state(CATALOGUE_VERSION) else _initial_state(registry, version)
    promotion = Promotion(
        model_name=version.name,
        model_version=version.version,
        digest=digest,
        catalogue_version=model.catalogue_version,
        threshold=model.threshold,
        reason=reason,
        content=content,
    )
    deployment = deployments.deploy(promotion, state)
    registry.set_alias(CHAMPION, version.version)
    return deployment


def check_latency(model: ScoringModel, *, timer: Timer) -> float:
    """Median seconds to score one payment alone, over the first golden vectors.

    Raises:
        ModelUnavailable: it is more than `SLOWEST_ROW`.
    """
    taken = []
    for row in range(min(TRIED_ROWS, len(model.golden_vectors))):
        begun = timer()
        score(model, model.golden_vectors[row : row + 1])
        taken.append(timer() - begun)
    median = statistics.median(taken)
    if median > SLOWEST_ROW:
        raise ModelUnavailable(
            f"the model takes {median * 1e3:.2f} ms for one payment, more than {SLOWEST_ROW * 1e3:g} ms; "
            "train a smaller one"
        )
    return median


def _initial_state(registry: ModelRegistry, version: ModelVersion) -> InitialState:
    content = registry.artefact(version, STATE_FILE)
    expected, found = _tag(version, STATE_DIGEST_TAG), digest_of(content)
    if found != expected:
        raise ModelUnavailable(f"the initial state has SHA-256 {found}, not {expected}; train and register it again")
    return load_state(content)


def _tag(version: ModelVersion, name: str) -> str:
    if name not in version.tags:
        raise ModelUnavailable(
            f"version {version.version} of {version.name} has no tag {name}; it was not made by `fraudstream train`"
        )
    return version.tags[name]
