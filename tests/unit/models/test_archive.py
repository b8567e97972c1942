"""A model's file is deterministic, and only a whole, fitting model is read back."""

import dataclasses
import io
import json
import re
import zipfile

import numpy as np
import pytest

from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT, FEATURE_NAMES
from fraudstream.models.archive import digest_of, load_model, read_arrays, to_bytes, write_arrays
from fraudstream.models.arrays import Calibration, Linear, ScoringModel, Trees
from fraudstream.models.walker import score

GOLDEN = np.random.default_rng(2).normal(size=(64, FEATURE_COUNT))


def some_trees() -> Trees:
    return Trees(
        root=np.array([0, 3], np.int32),
        feature=np.array([0, -1, -1, 1, -1, -1], np.int32),
        threshold=np.array([0.5, 0, 0, -0.5, 0, 0]),
        left=np.array([1, -1, -1, 4, -1, -1], np.int32),
        right=np.array([2, -1, -1, 5, -1, -1], np.int32),
        missing_left=np.array([True, False, False, False, False, False]),
        value=np.array([0.1, -0.4, 1.2, 0.0, 0.3, -0.3]),
        base=-1.5,
        scale=1.0,
        link="log_odds",
        float32_inputs=False,
    )


def some_weights() -> Linear:
    return Linear(
        weight=np.linspace(-1, 1, FEATURE_COUNT),
        mean=np.zeros(FEATURE_COUNT),
        scale=np.ones(FEATURE_COUNT),
        intercept=-2.0,
        transform="signed_log",
    )


def a_model(body: Trees | Linear | None = None, **changes: object) -> ScoringModel:
    model = ScoringModel(
        body=body or some_trees(),
        calibration=Calibration(0.9, -0.2),
        threshold=0.3,
        catalogue_version=CATALOGUE_VERSION,
        feature_names=FEATURE_NAMES,
        golden_vectors=GOLDEN,
        golden_scores=np.zeros(len(GOLDEN)),
        metadata={"seed": "7"},
    )
    scored = dataclasses.replace(model, golden_scores=score(model, GOLDEN).probability)
    return dataclasses.replace(scored, **changes)  # type: ignore[arg-type]


def loaded(model: ScoringModel) -> ScoringModel:
    content = to_bytes(model)
    return load_model(content, digest=digest_of(content))


@pytest.mark.parametrize("body", [some_trees(), some_weights()], ids=["trees", "linear"])
def test_a_model_comes_back_as_it_was(body: Trees | Linear) -> None:
    model = a_model(body)

    back = loaded(model)

    assert back.kind == model.kind
    for part, same in ((back, model), (back.body, model.body)):
        names = [field.name for field in dataclasses.fields(part) if field.name != "body"]
        assert all(np.array_equal(getattr(part, name), getattr(same, name)) for name in names)
    assert np.array_equal(score(back, GOLDEN).probability, score(model, GOLDEN).probability)


def test_equal_models_give_equal_bytes() -> None:
    assert to_bytes(a_model()) == to_bytes(a_model())


def test_the_file_holds_arrays_only_without_times_or_compression() -> None:
    with zipfile.ZipFile(io.BytesIO(to_bytes(a_model()))) as archive:
        entries = archive.infolist()

    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert all(entry.filename.endswith(".npy") for entry in entries)


def test_another_digest_is_refused() -> None:
    content = to_bytes(a_model())

    with pytest.raises(ModelUnavailable, match=f"SHA-256 {digest_of(content)}, not {'0' * 64}"):
        load_model(content, digest="0" * 64)


def test_pickled_objects_are_refused() -> None:
    sink = io.BytesIO()
    np.savez(sink, header=np.array([{"a": 1}], dtype=object))

    with pytest.raises(ModelUnavailable, match="not a file of arrays"):
        load_model(sink.getvalue(), digest=digest_of(sink.getvalue()))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 but no archive", b"\x93NUMPY\x01"])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ModelUnavailable, match="not a file of arrays"):
        load_model(content, digest=digest_of(content))


def test_a_file_without_a_header_is_refused() -> None:
    content = write_arrays({"body_root": np.zeros(1, np.int32)})

    with pytest.raises(ModelUnavailable, match="incomplete: KeyError"):
        load_model(content, digest=digest_of(content))


def test_another_format_is_refused() -> None:
    arrays = read_arrays(to_bytes(a_model()))
    header = json.loads(arrays["header"].tobytes()) | {"format": 99}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    content = write_arrays(arrays)

    with pytest.raises(ModelUnavailable, match="of format 99, this program reads 1"):
        load_model(content, digest=digest_of(content))


def broken(whole: Trees | Linear, **changes: object) -> ScoringModel:
    """A model whose golden scores were right before its body was changed."""
    body = dataclasses.replace(whole, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(a_model(whole), body=body)


REFUSED = {
    "feature catalogue 99": a_model(catalogue_version=99),
    "features differ from the catalogue's: their order": a_model(feature_names=FEATURE_NAMES[::-1]),
    "features differ from the catalogue's: ": a_model(feature_names=(*FEATURE_NAMES[:-1], "another")),
    "away from what the model gave when it was trained": a_model(golden_scores=np.full(64, 0.5)),
    "63 golden vectors, fewer than 64": a_model(golden_vectors=GOLDEN[:63], golden_scores=np.zeros(63)),
    "golden vectors and scores do not fit": a_model(golden_scores=np.zeros(65)),
    "a golden vector is not finite": a_model(golden_vectors=GOLDEN * np.inf),
    "a golden score is not finite": a_model(golden_scores=np.full(64, np.nan)),
    "calibration turns the ranking round": a_model(calibration=Calibration(-1.0, 0.0)),
    "threshold is 0.0, not a probability": a_model(threshold=0.0),
    "a value is not finite": broken(some_trees(), base=float("nan")),
    "a threshold is not a number": broken(some_trees(), threshold=np.full(6, np.nan)),
    "value has the wrong type or length": broken(some_trees(), value=np.zeros(7)),
    "an input is scaled by nothing": broken(some_weights(), scale=np.zeros(FEATURE_COUNT)),
    "weight has the wrong type or length": broken(some_weights(), weight=np.zeros(FEATURE_COUNT, np.float32)),
    "mean is not finite": broken(some_weights(), mean=np.full(FEATURE_COUNT, np.inf)),
    "its intercept is not finite": broken(some_weights(), intercept=float("inf")),
    "a node's child does not come after it": broken(some_trees(), left=np.array([0, -1, -1, 4, -1, -1], np.int32)),
    "a root is out of range": broken(some_trees(), root=np.array([0, 6], np.int32)),
    "a split asks for a feature that is not there": broken(
        some_trees(), feature=np.array([FEATURE_COUNT, -1, -1, 1, -1, -1], np.int32)
    ),
}


@pytest.mark.parametrize("complaint", REFUSED)
def test_a_model_that_does_not_fit_is_refused(complaint: str) -> None:
    with pytest.raises(ModelUnavailable, match=re.escape(complaint)):
        loaded(REFUSED[complaint])
