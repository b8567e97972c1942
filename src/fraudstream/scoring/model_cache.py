"""Models that were loaded and proved once, by the digest of their artefact."""

from collections.abc import Callable

from fraudstream.errors import ModelUnavailable
from fraudstream.models.archive import load_model
from fraudstream.models.arrays import ScoringModel
from fraudstream.ports.slices import Deployment

KEPT = 2
"""The model at work, and the one before it, in case of a way back."""


class ModelCache:
    """Keeps the last models used; not for use by several threads at once."""

    def __init__(self) -> None:
        self._models: dict[str, ScoringModel] = {}

    def get(self, deployment: Deployment, fetch: Callable[[str], bytes]) -> ScoringModel:
        """The deployment's model; `fetch` gives an artefact by its digest where it is not known yet.

        Raises:
            ModelUnavailable: the artefact is missing or damaged, or does not fit this program or its deployment.
        """
        model = self._models.pop(deployment.digest, None)
        if model is None:
            model = load_model(fetch(deployment.digest), digest=deployment.digest)
        if model.catalogue_version != deployment.catalogue_version:
            raise ModelUnavailable(
                f"deployment {deployment.deployment_id} says feature catalogue {deployment.catalogue_version}, its "
                f"model was trained on {model.catalogue_version}; promote the version again"
            )
        self._models[deployment.digest] = model
        while len(self._models) > KEPT:
            del self._models[next(iter(self._models))]
        return model
