"""A version on trial: it scores live payments beside the deployed one, and nothing acts on what it says."""

import time

from fraudstream.errors import ModelUnavailable
from fraudstream.ports.life_cycle import Action, Challenger, Deployments, Signature
from fraudstream.ports.registry import ModelRegistry, ModelVersion
from fraudstream.training.admission import Timer, admit, rejection_recorded


def begin_trial(
    registry: ModelRegistry,
    deployments: Deployments,
    version: ModelVersion,
    signature: Signature,
    *,
    timer: Timer = time.perf_counter,
) -> Challenger:
    """Check a version and let it score from the next slice on.

    Raises:
        ModelUnavailable: the version was refused, see `admit`, or cannot be tried now, see `Deployments.begin_trial`.
        TemporarilyUnavailable: registry or database did not answer.
    """
    with rejection_recorded(deployments, version.name, version.version, signature.author):
        candidate = admit(registry, version, timer=timer)
    return deployments.begin_trial(candidate, signature)


def stop_trial(deployments: Deployments, signature: Signature) -> Challenger:
    """End the trial that is running; the deployed model stays.

    Raises:
        ModelUnavailable: no version is on trial.
        TemporarilyUnavailable: the database did not answer.
    """
    challenger = deployments.challenger()
    if challenger is None:
        raise ModelUnavailable("no version is on trial")
    deployments.end_trial(challenger, Action.KEEP, signature)
    return challenger
