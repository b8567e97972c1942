"""Training to MLflow and promotion to Postgres, as the command line calls them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg2.extensions
import pytest

from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.clock import SystemClock
from fraudstream.errors import ConfigurationError
from fraudstream.features.state import CUSTOMER_STATE_WIDTH
from fraudstream.models.archive import load_model
from fraudstream.ports.registry import CHALLENGER, CHAMPION
from fraudstream.settings import RegistrySettings
from fraudstream.training.main import promote, train
from fraudstream.training.register import TrainedVersion

pytestmark = pytest.mark.integration

CUSTOMERS, DAYS = 600, 28


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(autouse=True)
def environment(store: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store / 'mlflow.db'}")
    monkeypatch.setenv("MLFLOW_ARTIFACT_ROOT", (store / "artifacts").as_uri())
    monkeypatch.setenv("DATABASE_URL", database_url)


@pytest.fixture
def cursor(database_url: str) -> Iterator[psycopg2.extensions.cursor]:
    connection = connect(database_url, application="test")
    with connection, connection.cursor() as opened:
        yield opened
    connection.close()


def trained_now(*, promote_because: str | None = None, model: str | None = None) -> TrainedVersion:
    return train(seed=7, customers=CUSTOMERS, history_days=DAYS, model=model, promote_because=promote_because)


def test_a_training_is_registered_as_challenger_and_can_be_promoted(cursor: psycopg2.extensions.cursor) -> None:
    before = SystemClock().now()

    trained = trained_now()
    deployment = promote(reason="first")

    registry = MlflowRegistry(RegistrySettings.load())
    assert registry.find_alias(CHALLENGER).version == registry.find_alias(CHAMPION).version == trained.version
    run = registry._client.get_run(trained.run_id)
    assert before - 1 <= run.info.start_time / 1_000 <= SystemClock().now()
    assert (deployment.model_version, deployment.digest) == (trained.version, trained.digest)
    cursor.execute("SELECT content FROM model_artefacts WHERE digest = %s", (trained.digest,))
    assert load_model(bytes(cursor.fetchall()[0][0]), digest=trained.digest).threshold == trained.threshold


def test_training_and_promotion_in_one_go_leave_state_for_whoever_paid(cursor: psycopg2.extensions.cursor) -> None:
    trained = trained_now(promote_because="in one go", model="gradient-boosting")

    cursor.execute("SELECT model_version, reason FROM deployments WHERE active")
    assert cursor.fetchall() == [(trained.version, "in one go")]
    run = MlflowRegistry(RegistrySettings.load())._client.get_run(trained.run_id)
    assert run.data.params["model_family"] == "gradient-boosting"
    cursor.execute("SELECT state FROM customer_state")
    rows = [np.frombuffer(state, "<f8") for (state,) in cursor.fetchall()]
    assert CUSTOMERS - 10 <= len(rows) <= CUSTOMERS
    assert {len(row) for row in rows} == {CUSTOMER_STATE_WIDTH}
    cursor.execute("SELECT count(*) FROM history_transactions WHERE amount_ratio > 0")
    assert cursor.fetchall()[0][0] > 10_000


def test_a_missing_setting_is_told_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")

    with pytest.raises(ConfigurationError, match="DATABASE_URL is not set"):
        trained_now(promote_because="tried")
