"""The registry of trained models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

CHAMPION = "champion"
"""Alias of the model version that is deployed."""
CHALLENGER = "challenger"
"""Alias of the newest trained model version."""
MODEL_FILE = "model.npz"
"""File of a version: its scoring artefact."""
DIGEST_TAG = "sha256"
"""Tag of a model version: SHA-256 of its scoring artefact."""


@dataclass(frozen=True)
class TrainingRun:
    """One finished training, as it goes into the registry.

    `started_at` is in seconds since 1970 UTC; `artefacts` are files by name; `tags` stand on the run and on the
    model version.
    """

    started_at: float
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artefacts: Mapping[str, bytes]


@dataclass(frozen=True)
class ModelVersion:
    """A registered version of the model and the run that made it."""

    name: str
    version: str
    run_id: str
    tags: Mapping[str, str]


class ModelRegistry(Protocol):
    """Keeps trainings, the model versions that came of them, and which one an alias means."""

    def register(self, run: TrainingRun) -> ModelVersion:
        """Record a training with its files and make the next version of it; versions count from 1.

        Raises:
            TemporarilyUnavailable: the registry did not answer; no version was made.
        """
        ...

    def find(self, version: str | None = None) -> ModelVersion:
        """One version, or the newest.

        Raises:
            ModelUnavailable: there is none.
        """
        ...

    def find_alias(self, alias: str) -> ModelVersion:
        """The version an alias means.

        Raises:
            ModelUnavailable: the alias is not set.
        """
        ...

    def set_alias(self, alias: str, version: str) -> None:
        """Let an alias mean this version from now on.

        Raises:
            ModelUnavailable: there is no such version.
        """
        ...

    def artefact(self, version: ModelVersion, name: str) -> bytes:
        """The content of one file of the training behind a version.

        Raises:
            ModelUnavailable: the training left no such file.
        """
        ...
