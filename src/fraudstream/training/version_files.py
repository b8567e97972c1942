"""The files of a registered version, copied to where a training job leaves its results."""

import json
from pathlib import Path
from typing import Protocol

from fraudstream.errors import ConfigurationError
from fraudstream.ports.registry import ModelVersion
from fraudstream.training.parts import CARD_FILE, METADATA_FILE, MODEL_FILE, STATE_FILE
from fraudstream.training.register import TrainedVersion

FIGURES_FILE = "metrics.json"
FILES = (MODEL_FILE, STATE_FILE, CARD_FILE, METADATA_FILE)


class _Files(Protocol):
    def find(self, version: str | None = None) -> ModelVersion: ...

    def artefact(self, version: ModelVersion, name: str) -> bytes: ...


def copy_files(registry: _Files, trained: TrainedVersion, folder: Path) -> None:
    """Copy model, initial state, card and metadata into a folder.

    Raises:
        ConfigurationError: the folder can't be written.
        TemporarilyUnavailable: the registry did not answer.
    """
    version = registry.find(trained.version)
    for name in FILES:
        _write(folder / name, registry.artefact(version, name))


def write_figures(trained: TrainedVersion, folder: Path) -> None:
    """Write what a version is worth as JSON into a folder.

    Raises:
        ConfigurationError: the folder can't be written.
    """
    figures = {"version": trained.version, "metrics": trained.evaluation.metrics(), "seconds": trained.seconds}
    _write(folder / FIGURES_FILE, json.dumps(figures, indent=2).encode() + b"\n")


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from error
