"""The checks between a registered version and live payments: what does not pass never reaches one."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np

from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.models.archive import GOLDEN_TOLERANCE, load_model
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import score
from fraudstream.ports.life_cycle import Action, Candidate, Deployments, Signature
from fraudstream.ports.registry import ModelRegistry, ModelVersion
from fraudstream.training.parts import DIGEST_TAG, MODEL_FILE

SLOWEST_ROW = 0.002
"""Seconds the median score of a single payment may take; boosted trees as trained here take some microseconds."""
TRIED_ROWS = 50

Timer = Callable[[], float]


def admit(registry: ModelRegistry, version: ModelVersion, *, timer: Timer = time.perf_counter) -> Candidate:
    """Fetch a registered version and check that it may score payments.

    Raises:
        ModelUnavailable: its artefact is missing, damaged, of another catalogue, gives numbers that are not finite or
            always the same one, or is too slow.
        TemporarilyUnavailable: the registry did not answer.
    """
    digest = tag_of(version, DIGEST_TAG)
    content = registry.artefact(version, MODEL_FILE)
    model = check_artefact(content, digest=digest, timer=timer)
    return Candidate(
        model_name=version.name,
        model_version=version.version,
        digest=digest,
        catalogue_version=model.catalogue_version,
        threshold=model.threshold,
        content=content,
    )


def check_artefact(content: bytes, *, digest: str, timer: Timer = time.perf_counter) -> ScoringModel:
    """Load an artefact and check that it may score payments.

    Raises:
        ModelUnavailable: says what is wrong with it.
    """
    model = load_model(content, digest=digest)
    if np.ptp(model.golden_scores) <= GOLDEN_TOLERANCE:
        raise ModelUnavailable(
            f"the model gives every golden payment the same score, {model.golden_scores[0]:.6g}; it has learned nothing"
        )
    check_latency(model, timer=timer)
    return model


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


@contextmanager
def rejection_recorded(deployments: Deployments, name: str, version: str, author: str) -> Iterator[None]:
    """Put on record that a version was refused inside the block; the refusal goes on to the caller."""
    try:
        yield
    except ModelUnavailable as error:
        with suppress(TemporarilyUnavailable):  # the refusal is what the caller has to hear of
            deployments.record(Action.REJECT, name, version, Signature(author, str(error)))
        raise


def tag_of(version: ModelVersion, name: str) -> str:
    """What a tag of a registered version says.

    Raises:
        ModelUnavailable: it has no such tag.
    """
    if name not in version.tags:
        raise ModelUnavailable(
            f"version {version.version} of {version.name} has no tag {name}; it was not made by `fraudstream train`"
        )
    return version.tags[name]
