"""From a registered version to the active deployment."""

import time

from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.models.archive import digest_of
from fraudstream.models.initial_state import InitialState, load_state
from fraudstream.ports.life_cycle import Deployments, Signature
from fraudstream.ports.registry import CHAMPION, ModelRegistry, ModelVersion
from fraudstream.ports.slices import Deployment
from fraudstream.training.admission import Timer, admit, rejection_recorded, tag_of
from fraudstream.training.parts import STATE_DIGEST_TAG, STATE_FILE


def promote_version(
    registry: ModelRegistry,
    deployments: Deployments,
    version: ModelVersion,
    signature: Signature,
    *,
    timer: Timer = time.perf_counter,
) -> Deployment:
    """Check a version, deploy it in one transaction, and let `champion` mean it.

    Raises:
        ModelUnavailable: the version was refused, see `admit`, its state is missing or damaged, or it was not
            rebuilt for a new catalogue version; nothing has changed but the record.
        TemporarilyUnavailable: registry or database did not answer.
    """
    with rejection_recorded(deployments, version.name, version.version, signature.author):
        candidate = admit(registry, version, timer=timer)
        known = deployments.active() is not None or deployments.has_state(CATALOGUE_VERSION)
        state = None if known else initial_state(registry, version)
    deployment = deployments.deploy(candidate, state, signature)
    registry.set_alias(CHAMPION, version.version)
    return deployment


def initial_state(registry: ModelRegistry, version: ModelVersion) -> InitialState:
    """The state at the end of the history that a version was trained on.

    Raises:
        ModelUnavailable: it is missing, damaged or of another catalogue version.
        TemporarilyUnavailable: the registry did not answer.
    """
    expected = tag_of(version, STATE_DIGEST_TAG)
    content = registry.artefact(version, STATE_FILE)
    found = digest_of(content)
    if found != expected:
        raise ModelUnavailable(f"the initial state has SHA-256 {found}, not {expected}; train and register it again")
    return load_state(content)
