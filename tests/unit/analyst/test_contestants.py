"""A model is looked for where it was at work or on trial, and only then in the registry."""

from dataclasses import replace

import pytest
from tests.unit.verify.memory_stack import MemoryStack, a_model

from fraudstream.adapters.memory_registry import MemoryRegistry
from fraudstream.adapters.memory_scored_history import MemoryScoredHistory
from fraudstream.analyst.contestants import champion, contestant
from fraudstream.errors import ConfigurationError, ModelUnavailable
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.registry import DIGEST_TAG, MODEL_FILE, ModelRegistry, TrainingRun
from fraudstream.ports.scored_history import StoredModel
from fraudstream.ports.slices import Deployment


@pytest.fixture
def stack() -> MemoryStack:
    return MemoryStack()


def history_of(stack: MemoryStack) -> MemoryScoredHistory:
    active = stack.slices.active
    assert active is not None
    model = StoredModel(active.model_version, active.digest, 0.77, active.catalogue_version)
    return MemoryScoredHistory(stack.slices, stack.labels, [model])


def a_registry(content: bytes, tags: dict[str, str] | None = None) -> MemoryRegistry:
    registry = MemoryRegistry()
    tags = {DIGEST_TAG: digest_of(content)} if tags is None else tags
    registry.register(TrainingRun(0.0, {}, {}, tags, {MODEL_FILE: content}))
    return registry


def never() -> ModelRegistry:
    raise AssertionError("the registry is not to be opened")


def test_a_version_that_was_here_is_taken_from_the_database_with_its_threshold_there(stack: MemoryStack) -> None:
    found = contestant(history_of(stack), "1", never)

    assert (found.version, found.source, found.threshold) == ("1", "database", 0.77)


def test_any_other_version_is_taken_from_the_registry(stack: MemoryStack) -> None:
    content = to_bytes(a_model(0.2, 0.6))
    history = MemoryScoredHistory(stack.slices, stack.labels)

    found = contestant(history, "1", lambda: a_registry(content))

    assert (found.source, found.threshold, found.digest) == ("registry", 0.6, digest_of(content))


def test_a_version_that_is_nowhere_is_named(stack: MemoryStack) -> None:
    with pytest.raises(ModelUnavailable, match="no version 9"):
        contestant(history_of(stack), "9", lambda: a_registry(to_bytes(a_model(0.2, 0.6))))


def test_without_the_registrys_address_it_is_said_why_it_is_needed(stack: MemoryStack) -> None:
    def missing() -> ModelRegistry:
        raise ConfigurationError("MLFLOW_TRACKING_URI is not set")

    with pytest.raises(ConfigurationError, match=r"version 9 was never at work .* MLFLOW_TRACKING_URI is not set"):
        contestant(history_of(stack), "9", missing)


@pytest.mark.parametrize(("tags", "message"), [({}, "has no tag"), ({DIGEST_TAG: "0" * 64}, "the model has SHA-256")])
def test_an_artefact_that_nobody_vouches_for_is_not_used(
    stack: MemoryStack, tags: dict[str, str], message: str
) -> None:
    history = MemoryScoredHistory(stack.slices, stack.labels)

    with pytest.raises(ModelUnavailable, match=message):
        contestant(history, "1", lambda: a_registry(to_bytes(a_model(0.2, 0.6)), tags))


def test_the_champion_is_the_model_at_work(stack: MemoryStack) -> None:
    stack.deploy(4, weight=0.1, threshold=0.25)

    found = champion(history_of(stack)).contestant

    assert found is not None
    assert (found.version, found.threshold) == ("4", 0.25)


def test_a_champion_that_can_not_be_loaded_is_no_error(stack: MemoryStack) -> None:
    """It may be of another feature catalogue than the history that is asked about."""
    other = to_bytes(replace(a_model(0.1, 0.2), catalogue_version=99))
    stack.slices.artefacts[digest_of(other)] = other
    stack.slices.active = Deployment(7, "7", digest_of(other), 99, 0.2)

    found = champion(history_of(stack))

    assert found.contestant is None
    assert "feature catalogue 99" in found.missing
    stack.slices.active = None
    assert champion(MemoryScoredHistory(stack.slices, stack.labels)).missing == "no model is at work"
