"""What the steps of the pipeline run, as SageMaker runs them: by variables and folders alone."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from fraudstream.adapters.aws.calls import sagemaker_client
from fraudstream.adapters.aws.pipelines import put_pipeline
from fraudstream.sagemaker.pipeline import TrainingPipeline, job_environment
from fraudstream.service_settings import SageMakerSettings
from fraudstream.settings import RegistrySettings

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
PATIENCE = 240.0


def run(*arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "LOG_FORMAT": "json", **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_history_becomes_a_measured_model(tmp_path: Path) -> None:
    history, model, output, result = (tmp_path / name for name in ("history", "model", "output", "result"))
    command = ("-m", "fraudstream", "sagemaker")
    run(*command, "history", "--customers", "300", "--history-days", "45", "--output", str(history))
    run(
        str(ROOT / "ml" / "train.py"),
        SM_HPS=json.dumps({"seed": 3, "model": "logistic-regression", "author": "a job"}),
        SM_CHANNEL_HISTORY=str(history),
        SM_MODEL_DIR=str(model),
        SM_OUTPUT_DATA_DIR=str(output),
        MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path / 'mlflow.db'}",
        MLFLOW_ARTIFACT_ROOT=str(tmp_path / "artifacts"),
        MPLCONFIGDIR=str(tmp_path / "matplotlib"),
        DATABASE_URL="",
    )
    with tarfile.open(model / "model.tar.gz", "w:gz") as packed:
        for file in sorted(model.glob("*.npz")):
            packed.add(file, file.name)
    for file in model.glob("*.npz"):
        file.unlink()
    run(
        *(*command, "evaluate", "--model", str(model), "--history", str(history / "history.jsonl")),
        *("--output", str(result)),
    )

    trained = json.loads((output / "metrics.json").read_text())
    measured = json.loads((result / "evaluation.json").read_text())
    assert sorted(file.name for file in model.iterdir()) == ["metadata.json", "model.tar.gz", "model_card.md"]
    assert trained["version"] == "1"
    assert measured["metrics"] == trained["metrics"]


def test_the_pipeline_is_put_and_put_again(aws_environment: object) -> None:  # noqa: ARG001 - it names the endpoint
    role = "arn:aws:iam::123456789012:role/fraudstream-sagemaker"
    settings = SageMakerSettings(sagemaker_role_arn=role, sagemaker_image="ml", sagemaker_bucket="bucket")
    text = TrainingPipeline(settings, job_environment(RegistrySettings(mlflow_tracking_uri="http://mlflow"))).to_json()

    first = put_pipeline("fraudstream", text, role)
    assert put_pipeline("fraudstream", text.replace("0.3", "0.4"), role) == first
    stored = sagemaker_client().describe_pipeline(PipelineName="fraudstream")["PipelineDefinition"]
    assert '"DefaultValue": 0.4' in stored
