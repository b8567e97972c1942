"""Models that were loaded and proved once, by the digest of their artefact."""

from collections.abc import Callable

import structlog

from fraudstream.errors import ModelUnavailable
from fraudstream.models.archive import load_model
from fraudstream.models.arrays import ScoringModel
from fraudstream.ports.slices import Deployment, Shadow

KEPT = 3
"""The model at work, its challenger, and the model before it, in case of a way back."""

Fetch = Callable[[str], bytes]
"""Gives an artefact by its digest."""

log = structlog.get_logger()


class ModelCache:
    """Keeps the last models used; not for use by several threads at once."""

    def __init__(self) -> None:
        self._models: dict[str, ScoringModel] = {}
        self._refused: str | None = None

    def get(self, deployment: Deployment, fetch: Fetch) -> ScoringModel:
        """The deployment's model; `fetch` is called where it is not known yet.

        Raises:
            ModelUnavailable: the artefact is missing or damaged, or does not fit this program or its deployment.
        """
        model = self._taken(deployment.digest, fetch)
        if model.catalogue_version != deployment.catalogue_version:
            raise ModelUnavailable(
                f"deployment {deployment.deployment_id} says feature catalogue {deployment.catalogue_version}, its "
                f"model was trained on {model.catalogue_version}; promote the version again"
            )
        return model

    def on_trial(self, challenger: Shadow, fetch: Fetch) -> ScoringModel | None:
        """The challenger's model, or nothing if it is of no use: it must not stand in the way of the deployed one."""
        if challenger.digest == self._refused:
            return None
        try:
            return self._taken(challenger.digest, fetch)
        except ModelUnavailable as error:
            self._refused = challenger.digest
            log.warning("the challenger does not score", version=challenger.model_version, error=str(error))
            return None

    def _taken(self, digest: str, fetch: Fetch) -> ScoringModel:
        """The model with this digest, which is from now on the one used last."""
        model = self._models.pop(digest, None)
        if model is None:
            model = load_model(fetch(digest), digest=digest)
        self._models[digest] = model
        while len(self._models) > KEPT:
            del self._models[next(iter(self._models))]
        return model
