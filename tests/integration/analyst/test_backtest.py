"""`fraudstream backtest` on a stored history, with models from the database and from a registry."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from tests.integration.analyst.stream import LabelledStream
from tests.integration.verify.postgres_stack import fill
from tests.unit.verify.memory_stack import a_model

from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.analyst.answers import backtest
from fraudstream.errors import ConfigurationError, ImpossibleRequest, ModelUnavailable
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.registry import DIGEST_TAG, MODEL_FILE, TrainingRun
from fraudstream.settings import RegistrySettings

pytestmark = pytest.mark.integration

DAY = dt.date(2025, 6, 15)


def test_the_model_at_work_raises_the_alerts_it_raised(
    stream: LabelledStream, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(stream.stack)
    stream.stack.deploy("3", weight=0.05, threshold=0.3)  # version 1's model again, under another number
    ((scored, alerts),) = stream.stack.run(
        "SELECT count(*), count(*) FILTER (WHERE alert) FROM scored_transactions JOIN slices USING (slice_id)"
        " WHERE model_version = '1'"
    )

    result = backtest("1", first=None, last=None, json_only=True)

    found = json.loads(capsys.readouterr().out)
    assert result.total.payments == 48 > scored
    assert result.total.model.alerts > alerts > 0
    assert found["total"]["model"] == found["total"]["champion"]
    assert found["model"]["digest"] == found["champion"]["digest"]


def test_what_it_counts_is_what_the_database_says(stream: LabelledStream, capsys: pytest.CaptureFixture[str]) -> None:
    fill(stream.stack)
    ((labelled, frauds, money),) = stream.stack.run(
        "SELECT count(*), count(*) FILTER (WHERE is_fraud), sum(amount) FILTER (WHERE is_fraud) FROM"
        " (SELECT DISTINCT ON (transaction_id) transaction_id, is_fraud FROM labels WHERE label_seq IS NOT NULL"
        "  ORDER BY transaction_id, label_seq DESC) AS newest JOIN scored_transactions USING (transaction_id)"
    )

    result = backtest("2", first=DAY, last=DAY)

    assert (result.total.labelled, result.total.frauds) == (labelled, frauds)
    assert np.isclose(result.total.money, money)
    assert [stretch.day for stretch in result.days] == [DAY]
    assert "2025-06-15" in capsys.readouterr().out
    with pytest.raises(ImpossibleRequest, match="no payment scored on feature catalogue"):
        backtest("2", first=DAY + dt.timedelta(days=1), last=None)


def test_a_registered_version_that_was_never_here_is_tried_too(
    stream: LabelledStream, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fill(stream.stack)
    with pytest.raises(ConfigurationError, match="was never at work or on trial here"):
        backtest("9", first=None, last=None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_ARTIFACT_ROOT", str(tmp_path / "artefacts"))
    stream.stack.run("DELETE FROM deployments WHERE model_version = '1'")
    content = to_bytes(a_model(0.2, 0.6))
    MlflowRegistry(RegistrySettings.load()).register(
        TrainingRun(0.0, {}, {}, {DIGEST_TAG: digest_of(content)}, {MODEL_FILE: content})
    )

    result = backtest("1", first=None, last=None, json_only=True)

    assert (result.model.source, result.model.threshold) == ("registry", 0.6)
    assert result.champion is not None
    assert result.champion.version == "2"
    with pytest.raises(ModelUnavailable, match="no version 9"):
        backtest("9", first=None, last=None)
