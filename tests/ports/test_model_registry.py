"""The contract of `ModelRegistry`, held by the registry in memory and by MLflow."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers.planted import planted

from fraudstream.adapters.memory_registry import MemoryRegistry
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.errors import ConfigurationError, ModelUnavailable, TemporarilyUnavailable
from fraudstream.models.archive import digest_of, load_model
from fraudstream.ports.registry import CHALLENGER, CHAMPION, ModelRegistry, TrainingRun
from fraudstream.settings import RegistrySettings

pytestmark = pytest.mark.ports


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One MLflow database for the module: creating its tables takes seconds."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(params=["memory", "mlflow"])
def registry(request: pytest.FixtureRequest, store: Path) -> Iterator[ModelRegistry]:
    name = request.node.name.split("[")[0]
    if request.param == "memory":
        yield MemoryRegistry(name)
    else:
        yield mlflow_registry(store, name)


def mlflow_registry(store: Path, name: str) -> MlflowRegistry:
    return MlflowRegistry(
        RegistrySettings(
            mlflow_tracking_uri=f"sqlite:///{store / 'mlflow.db'}",
            mlflow_artifact_root=(store / "artifacts").as_uri(),
            model_name=name,
        )
    )


def a_run(**artefacts: bytes) -> TrainingRun:
    return TrainingRun(
        started_at=1_750_000_000.25,
        parameters={"seed": "7"},
        metrics={"auc": 0.97},
        tags={"digest": "ab" * 32},
        artefacts={"model.npz": b"arrays", **artefacts},
    )


def test_versions_count_from_one_and_carry_their_tags(registry: ModelRegistry) -> None:
    first, second = registry.register(a_run()), registry.register(a_run())

    assert (first.version, second.version) == ("1", "2")
    assert first.run_id != second.run_id
    assert second.tags == {"digest": "ab" * 32}


def test_a_version_is_found_by_its_number_and_the_newest_without(registry: ModelRegistry) -> None:
    first, second = registry.register(a_run()), registry.register(a_run())

    assert registry.find("1") == first
    assert registry.find() == second


def test_an_unknown_version_is_unavailable(registry: ModelRegistry) -> None:
    registry.register(a_run())

    with pytest.raises(ModelUnavailable, match="has no version 9"):
        registry.find("9")


def test_a_registry_without_versions_says_so(registry: ModelRegistry) -> None:
    with pytest.raises(ModelUnavailable, match="no version at all; run `fraudstream train`"):
        registry.find()


def test_an_alias_means_the_version_it_was_last_set_to(registry: ModelRegistry) -> None:
    registry.register(a_run())
    second = registry.register(a_run())

    registry.set_alias(CHAMPION, "1")
    registry.set_alias(CHAMPION, "2")

    assert registry.find_alias(CHAMPION) == second


def test_an_alias_that_is_not_set_is_unavailable(registry: ModelRegistry) -> None:
    registry.register(a_run())

    with pytest.raises(ModelUnavailable, match="no alias challenger"):
        registry.find_alias(CHALLENGER)


def test_an_alias_cannot_mean_a_version_that_is_not_there(registry: ModelRegistry) -> None:
    registry.register(a_run())

    with pytest.raises(ModelUnavailable, match="has no version 5"):
        registry.set_alias(CHAMPION, "5")


def test_files_come_back_as_they_were(registry: ModelRegistry) -> None:
    content = bytes(range(256)) * 9

    version = registry.register(a_run(**{"state.npz": content}))

    assert registry.artefact(version, "state.npz") == content
    assert registry.artefact(version, "model.npz") == b"arrays"


def test_a_file_that_was_never_kept_is_unavailable(registry: ModelRegistry) -> None:
    version = registry.register(a_run())

    with pytest.raises(ModelUnavailable, match=r"has no file other\.npz"):
        registry.artefact(version, "other.npz")


def test_mlflow_keeps_when_a_training_started_and_what_it_measured(store: Path) -> None:
    registry = mlflow_registry(store, "started")

    version = registry.register(a_run())

    run = registry._client.get_run(version.run_id)
    assert run.info.start_time == 1_750_000_000_250
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"auc": 0.97}
    assert run.data.params == {"seed": "7"}
    assert run.data.tags["digest"] == "ab" * 32


def test_mlflow_versions_are_seen_by_the_next_process(store: Path) -> None:
    version = mlflow_registry(store, "shared").register(a_run())

    assert mlflow_registry(store, "shared").find() == version


def test_mlflow_that_does_not_answer_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fraudstream.adapters.model_registry.REQUEST_RETRIES", 0)
    registry = MlflowRegistry(RegistrySettings(mlflow_tracking_uri="http://127.0.0.1:1", model_name="nowhere"))

    with pytest.raises(TemporarilyUnavailable, match="MLflow failed while looking a version up; is it running"):
        registry.find()


def test_an_mlflow_store_that_cannot_be_opened_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlflow.store.db.utils.MAX_RETRY_COUNT", 1)
    settings = RegistrySettings(mlflow_tracking_uri="postgresql+psycopg2://user:password@127.0.0.1:1/mlflow")

    with pytest.raises(TemporarilyUnavailable, match="could not be reached while opening the registry"):
        MlflowRegistry(settings)


def test_a_full_disk_is_told_as_such_and_leaves_no_version(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = mlflow_registry(store, "full")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(registry._client, "log_artifacts", full)

    with pytest.raises(ConfigurationError, match="no space is left for the files of a model"):
        registry.register(a_run())
    with pytest.raises(ModelUnavailable, match="has no version at all"):
        registry.find()


@pytest.mark.parametrize("way", planted(Path("/nowhere")))
def test_a_planted_model_comes_out_as_bytes_and_goes_no_further(
    registry: ModelRegistry, way: str, tmp_path: Path
) -> None:
    content = planted(tmp_path / "marker")[way]
    version = registry.register(a_run(**{"planted.npz": content}))

    found = registry.artefact(version, "planted.npz")
    with pytest.raises(ModelUnavailable):
        load_model(found, digest=digest_of(content))
    assert found == content
    assert list(tmp_path.iterdir()) == []
