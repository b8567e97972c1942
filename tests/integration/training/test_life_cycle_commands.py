"""The verbs of a model's life, as a person types them."""

import json
from pathlib import Path

import pytest
from tests.integration.verify.postgres_stack import an_initial_state
from tests.unit.scoring.world import a_model
from typer.testing import CliRunner, Result

from fraudstream import cli
from fraudstream.adapters import model_registry
from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.errors import ModelUnavailable
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.initial_state import state_to_bytes
from fraudstream.ports.life_cycle import Action, Candidate, Signature
from fraudstream.ports.registry import CHAMPION, TrainingRun
from fraudstream.settings import RegistrySettings
from fraudstream.training.commands import STAYS, TOO_EARLY
from fraudstream.training.parts import DIGEST_TAG, MODEL_FILE, STATE_DIGEST_TAG, STATE_FILE

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow store in which versions 1 and 2 are registered."""
    folder = tmp_path_factory.mktemp("mlflow")
    registry = MlflowRegistry(settings_of(folder))
    state = state_to_bytes(an_initial_state())
    for version in ("1", "2"):
        content = to_bytes(a_model(version=version))
        tags = {DIGEST_TAG: digest_of(content), STATE_DIGEST_TAG: digest_of(state)}
        registry.register(TrainingRun(0.0, {}, {}, tags, {MODEL_FILE: content, STATE_FILE: state}))
    return folder


def settings_of(folder: Path) -> RegistrySettings:
    return RegistrySettings(
        mlflow_tracking_uri=f"sqlite:///{folder / 'mlflow.db'}", mlflow_artifact_root=(folder / "artifacts").as_uri()
    )


@pytest.fixture(autouse=True)
def environment(store: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(store)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.mlflow_tracking_uri)
    monkeypatch.setenv("MLFLOW_ARTIFACT_ROOT", str(settings.mlflow_artifact_root))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def deployments(database_url: str) -> PostgresDeployments:
    """Version 1 is at work."""
    deployments = PostgresDeployments(database_url)
    deployments.deploy(a_candidate("1"), an_initial_state(), Signature("ana", "first"))
    return deployments


def a_candidate(version: str) -> Candidate:
    model = a_model(version=version)
    content = to_bytes(model)
    return Candidate("fraudstream", version, digest_of(content), model.catalogue_version, model.threshold, content)


def typed(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words))


def champion(store: Path) -> str:
    return MlflowRegistry(settings_of(store)).find_alias(CHAMPION).version


@pytest.mark.usefixtures("deployments")
def test_a_trial_is_begun_looked_at_and_stopped() -> None:
    begun = typed("shadow", "--version", "2", "--reason", "newer data", "--author", "ana")
    early, told = typed("gate"), typed("gate", "--json")
    stopped = typed("shadow", "--stop", "--author", "bo")
    nothing = typed("gate")
    overview = typed("models")

    assert "version 2 scores beside the one at work" in begun.stdout
    assert early.exit_code == told.exit_code == TOO_EARLY
    assert early.stdout.splitlines()[-1].startswith("wait: 0 payments with 0 frauds have matured")
    assert json.loads(told.stdout)["outcome"] == "wait"
    assert "the trial of version 2 has ended" in stopped.stdout
    assert isinstance(nothing.exception, ModelUnavailable)
    for line in ("at work:  version 1 of fraudstream", "on trial: no version", "by ana as", "by bo as", "newer data"):
        assert line in overview.stdout


def test_a_promotion_that_asks_the_gate_takes_what_is_on_trial_alone(deployments: PostgresDeployments) -> None:
    deployments.begin_trial(a_candidate("2"), Signature("ana", "newer data"))
    other, early = typed("promote", "--version", "1", "--gate"), typed("promote", "--gate")

    assert "version 2 is on trial, not version 1" in str(other.exception)
    assert "version 2 did not pass the gate (wait)" in str(early.exception)
    assert [decision.action for decision in deployments.decisions(9)] == [Action.SHADOW, Action.PROMOTE]


def test_a_way_back_moves_the_champion_or_says_why_not(
    store: Path, deployments: PostgresDeployments, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployments.deploy(a_candidate("2"), None, Signature("ana", "better"))
    back = typed("rollback", "--reason", "alerts doubled")

    assert back.exit_code == 0
    assert "version 1 is at work again from the next slice on (deployment 3), instead of version 2" in back.stdout
    assert "alias champion means version 1" in back.stdout
    assert champion(store) == "1"

    monkeypatch.setattr(model_registry, "REQUEST_RETRIES", 0)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    again = typed("rollback", "--to", "2", "--reason", "it was the terminal")

    assert again.exit_code == 0
    assert "version 2 is at work again" in again.stdout
    assert "alias champion could not be moved: MLflow" in again.stdout
    active = deployments.active()
    assert active is not None
    assert active.model_version == "2"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings_of(store).mlflow_tracking_uri)
    assert champion(store) == "1"


@pytest.mark.usefixtures("deployments")
def test_retraining_says_what_it_waits_for() -> None:
    once = typed("retrain", "--once", "--every", "3", "--author", "robot")

    assert once.exit_code == 0
    assert once.stdout == "wait: nothing has been scored yet\n"


def test_a_version_to_try_and_stop_contradict_each_other() -> None:
    assert "not both" in str(typed("shadow", "--version", "2", "--stop").exception)


def test_exit_codes_tell_a_script_what_was_found() -> None:
    assert len({0, 1, 2, STAYS, TOO_EARLY}) == 5
