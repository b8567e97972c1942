"""What the steps of the pipeline run, as SageMaker runs them: by variables and folders alone."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from fraudstream.adapters.aws.calls import sagemaker_client
from fraudstream.adapters.aws.pipelines import put_pipeline
from fraudstream.errors import ConfigurationError
from fraudstream.sagemaker.evaluation import evaluate_files
from fraudstream.sagemaker.history import write_history
from fraudstream.sagemaker.pipeline import TrainingPipeline, job_environment
from fraudstream.service_settings import SageMakerSettings
from fraudstream.settings import RegistrySettings
from fraudstream.simulation.city import DEFAULT_START, CityWorld

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
PATIENCE = 240.0


def test_a_history_becomes_a_measured_model(tmp_path: Path) -> None:
    history, model, output, result = (tmp_path / name for name in ("history", "model", "output", "result"))
    write_history(CityWorld(7, 300, DEFAULT_START), 30, history)
    variables = {
        "SM_HPS": json.dumps({"seed": 3, "model": "logistic-regression", "author": "a job"}),
        "SM_CHANNEL_HISTORY": str(history),
        "SM_MODEL_DIR": str(model),
        "SM_OUTPUT_DATA_DIR": str(output),
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}",
        "MLFLOW_ARTIFACT_ROOT": str(tmp_path / "artifacts"),
        "DATABASE_URL": "",
    }
    command = [sys.executable, str(ROOT / "ml" / "train.py")]
    subprocess.run(command, env={**os.environ, **variables}, check=True, timeout=PATIENCE)
    with tarfile.open(model / "model.tar.gz", "w:gz") as packed:
        packed.add(model / "model.npz", "model.npz")
    (model / "model.npz").unlink()

    figures = evaluate_files(model, history / "history.jsonl", result)

    trained = json.loads((output / "metrics.json").read_text())
    assert {"initial_state.npz", "metadata.json", "model_card.md"} < {file.name for file in model.iterdir()}
    assert trained["version"] == "1"
    assert json.loads((result / "evaluation.json").read_text())["metrics"] == figures == trained["metrics"]


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"neither model\.npz nor a model\.tar\.gz"):
        evaluate_files(tmp_path, tmp_path / "history.jsonl", tmp_path)


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """LocalStack has no pipelines; moto has."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.mark.usefixtures("emulated")
def test_the_pipeline_is_put_and_put_again() -> None:
    role = "arn:aws:iam::123456789012:role/fraudstream-sagemaker"
    settings = SageMakerSettings(sagemaker_role_arn=role, sagemaker_image="ml", sagemaker_bucket="bucket")
    text = TrainingPipeline(settings, job_environment(RegistrySettings(mlflow_tracking_uri="http://mlflow"))).to_json()

    first = put_pipeline("fraudstream", text, role)
    assert put_pipeline("fraudstream", text.replace("0.3", "0.4"), role) == first
    stored = sagemaker_client().describe_pipeline(PipelineName="fraudstream")["PipelineDefinition"]
    assert '"DefaultValue": 0.4' in stored
