"""Models for a backtest: one by its version, wherever its artefact is, and the one at work."""

from collections.abc import Callable
from dataclasses import dataclass

from fraudstream.analyst.backtest import Contestant
from fraudstream.errors import ConfigurationError, ModelUnavailable
from fraudstream.models.archive import load_model
from fraudstream.ports.registry import DIGEST_TAG, MODEL_FILE, ModelRegistry
from fraudstream.ports.scored_history import HistorySnapshot

STORED, REGISTERED = "database", "registry"
"""Where an artefact was found."""


@dataclass(frozen=True)
class Champion:
    """The model at work, or why there is none to compare with."""

    contestant: Contestant | None
    missing: str = ""


def contestant(history: HistorySnapshot, version: str, registry: Callable[[], ModelRegistry]) -> Contestant:
    """A version that was at work or on trial here, else one of the registry, which is not opened before.

    Raises:
        ModelUnavailable: it is nowhere, damaged, or of another feature catalogue than this program's.
        ConfigurationError: the registry is needed, and a setting is missing for it.
        TemporarilyUnavailable: database or registry did not answer.
    """
    stored = history.model(version)
    if stored is not None:
        model = load_model(history.artefact(stored.digest), digest=stored.digest)
        return Contestant(version, stored.digest, STORED, stored.threshold, model)
    try:
        opened = registry()
    except ConfigurationError as error:
        raise ConfigurationError(
            f"version {version} was never at work or on trial here, so the registry has to be asked: {error}"
        ) from error
    found = opened.find(version)
    if DIGEST_TAG not in found.tags:
        raise ModelUnavailable(f"version {version} of {found.name} was not made by `fraudstream train`: it has no tag")
    digest = found.tags[DIGEST_TAG]
    model = load_model(opened.artefact(found, MODEL_FILE), digest=digest)
    return Contestant(version, digest, REGISTERED, model.threshold, model)


def champion(history: HistorySnapshot) -> Champion:
    """The model at work."""
    active = history.active()
    if active is None:
        return Champion(None, "no model is at work")
    try:
        model = load_model(history.artefact(active.digest), digest=active.digest)
    except ModelUnavailable as error:
        return Champion(None, str(error))
    return Champion(Contestant(active.model_version, active.digest, STORED, active.threshold, model))
