"""A model as one file of arrays: the same model always gives the same bytes, and reading it runs no code."""

import hashlib
import io
import json
import zipfile
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_NAMES
from fraudstream.models.arrays import Calibration, Linear, ScoringModel, Trees
from fraudstream.models.checks import check_structure
from fraudstream.models.walker import score

FORMAT = 1
"""Version of this file format."""
GOLDEN_TOLERANCE = 1e-9
"""Largest difference to a golden score; mathematical libraries of two platforms differ by less."""

Arrays = dict[str, npt.NDArray[np.generic]]
_HEADER = "header"
_BODIES: dict[str, type[Trees] | type[Linear]] = {"trees": Trees, "linear": Linear}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def to_bytes(model: ScoringModel) -> bytes:
    """The model as an `.npz` file; equal models give equal bytes."""
    arrays: Arrays = {"golden_vectors": model.golden_vectors, "golden_scores": model.golden_scores}
    scalars: dict[str, object] = {}
    for field in fields(model.body):
        value = getattr(model.body, field.name)
        if isinstance(value, np.ndarray):
            arrays[f"body_{field.name}"] = value
        else:
            scalars[field.name] = value
    header = {
        "format": FORMAT,
        "kind": model.kind,
        "body": scalars,
        "calibration": {"slope": model.calibration.slope, "intercept": model.calibration.intercept},
        "threshold": model.threshold,
        "catalogue_version": model.catalogue_version,
        "feature_names": model.feature_names,
        "metadata": dict(model.metadata),
    }
    arrays[_HEADER] = np.frombuffer(json.dumps(header, sort_keys=True).encode(), np.uint8)
    return write_arrays(arrays)


def digest_of(content: bytes) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def load_model(content: bytes, *, digest: str) -> ScoringModel:
    """Read a model and prove that it is the one meant and fits this program.

    Args:
        content: the `.npz` file.
        digest: the SHA-256 that the registry or the deployment names.

    Raises:
        ModelUnavailable: wrong digest, unreadable, other catalogue version or features, numbers that are not
            finite, or golden vectors that score differently here.
    """
    found = digest_of(content)
    if found != digest:
        raise ModelUnavailable(
            f"the model has SHA-256 {found}, not {digest}; fetch it again or promote another version"
        )
    model = _read(content)
    _check_catalogue(model)
    check_structure(model)
    _check_golden(model)
    return model


def write_arrays(arrays: Arrays) -> bytes:
    """Arrays as a `.npz` file without compression, with fixed names, order and times."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.create_system = 3
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(arrays[name]), version=(1, 0), allow_pickle=False)
    return target.getvalue()


def read_arrays(content: bytes) -> Arrays:
    """What `write_arrays` wrote.

    Raises:
        ModelUnavailable: the bytes are no such file.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            members = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise ModelUnavailable(f"this is not a file of arrays: {error}") from error
    strangers = [name for name, member in members.items() if not isinstance(member, np.ndarray)]
    if strangers:
        raise ModelUnavailable(f"this is not a file of arrays: {strangers[0]!r} is none")
    return members


def _read(content: bytes) -> ScoringModel:
    arrays = read_arrays(content)
    try:
        header = json.loads(arrays.pop(_HEADER).tobytes())
        if header["format"] != FORMAT:
            raise ModelUnavailable(f"the model is of format {header['format']}, this program reads {FORMAT}")
        body = _BODIES[header["kind"]]
        prefix = "body_"
        own: dict[str, Any] = {
            name.removeprefix(prefix): np.ascontiguousarray(array)
            for name, array in arrays.items()
            if name.startswith(prefix)
        }
        return ScoringModel(
            body=body(**own, **header["body"]),
            calibration=Calibration(**header["calibration"]),
            threshold=header["threshold"],
            catalogue_version=header["catalogue_version"],
            feature_names=tuple(header["feature_names"]),
            golden_vectors=arrays["golden_vectors"].astype(np.float64, copy=False),
            golden_scores=arrays["golden_scores"].astype(np.float64, copy=False),
            metadata=header["metadata"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(f"the model's file is incomplete: {error!r}; train and register it again") from error


def _check_catalogue(model: ScoringModel) -> None:
    if model.catalogue_version != CATALOGUE_VERSION:
        raise ModelUnavailable(
            f"the model was trained on feature catalogue {model.catalogue_version}, this program computes "
            f"{CATALOGUE_VERSION}; train a new version, and where another catalogue is at work build its state with "
            "`fraudstream rebuild-state`"
        )
    if model.feature_names != FEATURE_NAMES:
        odd = sorted(set(model.feature_names) ^ set(FEATURE_NAMES)) or ["their order"]
        raise ModelUnavailable(f"the model's features differ from the catalogue's: {', '.join(odd)}")


def _check_golden(model: ScoringModel) -> None:
    difference = np.abs(score(model, model.golden_vectors).probability - model.golden_scores)
    worst = int(np.argmax(difference))
    if not difference[worst] <= GOLDEN_TOLERANCE:
        raise ModelUnavailable(
            f"golden vector {worst} scores {difference[worst]:.3g} away from what the model gave when it was "
            "trained; do not use this version"
        )
