"""A new catalogue as a person brings it about: `fraudstream rebuild-state`, then `fraudstream promote`."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.training.rebuilding import NEXT, a_filled_stack, rows
from tests.integration.verify.postgres_stack import an_initial_state
from tests.unit.scoring.world import a_model
from typer.testing import CliRunner

from fraudstream import cli
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.initial_state import state_to_bytes
from fraudstream.ports.registry import TrainingRun
from fraudstream.settings import RegistrySettings
from fraudstream.training.parts import DIGEST_TAG, MODEL_FILE, STATE_DIGEST_TAG, STATE_FILE

pytestmark = pytest.mark.integration

PROGRAM = ("models.archive", "models.initial_state", "training.renew", "training.promote")


def test_the_verb_builds_what_the_promotion_asks_for(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = RegistrySettings(
        mlflow_tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}", mlflow_artifact_root=(tmp_path / "files").as_uri()
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.mlflow_tracking_uri)
    monkeypatch.setenv("MLFLOW_ARTIFACT_ROOT", str(settings.mlflow_artifact_root))
    monkeypatch.setenv("DATABASE_URL", database_url)
    with contextlib.ExitStack() as resources:
        stack = a_filled_stack(database_url, resources)
        import fraudstream.training.renew  # noqa: F401, PLC0415 - so that it can be given its new version

        for module in PROGRAM:
            monkeypatch.setattr(f"fraudstream.{module}.CATALOGUE_VERSION", NEXT)
        content = to_bytes(replace(a_model(version="1"), catalogue_version=NEXT))
        state = state_to_bytes(an_initial_state())
        tags = {DIGEST_TAG: digest_of(content), STATE_DIGEST_TAG: digest_of(state)}
        MlflowRegistry(settings).register(TrainingRun(0.0, {}, {}, tags, {MODEL_FILE: content, STATE_FILE: state}))

        refused = CliRunner().invoke(cli.app, ["promote", "--version", "1"])
        built = CliRunner().invoke(cli.app, ["rebuild-state", "--version", "1"])
        promoted = CliRunner().invoke(cli.app, ["promote", "--version", "1"])

        assert isinstance(refused.exception, ModelUnavailable)
        assert "`fraudstream rebuild-state`" in str(refused.exception)
        assert built.exit_code == 0
        assert f"the state of catalogue version {NEXT} is complete: 48 payments in 13 slices" in built.output
        assert promoted.exit_code == 0
        assert stack.run("SELECT catalogue_version FROM deployments WHERE active") == [(NEXT,)]
        assert rows(stack, NEXT) == rows(stack, CATALOGUE_VERSION)
