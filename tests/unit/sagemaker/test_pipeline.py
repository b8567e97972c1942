"""The pipeline's definition: kept as a file, and each step's arguments held to the request of its job."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from fraudstream.sagemaker.pipeline import TrainingPipeline, job_environment
from fraudstream.service_settings import SageMakerSettings
from fraudstream.settings import RegistrySettings

GOLDEN = Path(__file__).parent / "pipeline.json"
SCHEMA = Path(__file__).parent / "pipeline_definition.schema.json"
REQUESTS = {
    "Processing": ("CreateProcessingJob", {"ProcessingJobName": "job"}),
    "Training": ("CreateTrainingJob", {"TrainingJobName": "job"}),
    "RegisterModel": ("CreateModelPackage", {}),
}
SETTINGS = SageMakerSettings(
    sagemaker_role_arn="arn:aws:iam::123456789012:role/fraudstream-sagemaker",
    sagemaker_image="123456789012.dkr.ecr.eu-central-1.amazonaws.com/fraudstream-ml:1",
    sagemaker_bucket="fraudstream-mlops",
)
TRACKING = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/fraudstream"


def a_pipeline() -> TrainingPipeline:
    return TrainingPipeline(SETTINGS, job_environment(RegistrySettings(mlflow_tracking_uri=TRACKING)))


DEFINITION: dict[str, Any] = json.loads(a_pipeline().to_json())


def steps(of: list[dict[str, Any]] | None = None) -> Iterator[dict[str, Any]]:
    """Every step, those behind the gate too."""
    for step in DEFINITION["Steps"] if of is None else of:
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from steps(step["Arguments"].get(branch, []))


STEPS = {step["Name"]: step for step in steps()}


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if node.keys() == {"Get"}:
            yield node["Get"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(node: object) -> object:
    """References replaced by text, as SageMaker does before it starts a job."""
    if isinstance(node, dict):
        if node.keys() in ({"Get"}, {"Std:Join"}):
            return "s3://resolved"
        return {name: resolved(value) for name, value in node.items()}
    return [resolved(value) for value in node] if isinstance(node, list) else node


def test_the_definition_is_the_one_that_is_kept() -> None:
    """After a change on purpose: `fraudstream sagemaker pipeline --print` with these settings."""
    assert a_pipeline().to_json() == GOLDEN.read_text()


def test_it_has_the_form_that_sagemaker_documents() -> None:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))

    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(DEFINITION)] == []


@pytest.mark.parametrize("name", [name for name, step in STEPS.items() if step["Type"] in REQUESTS])
def test_the_arguments_of_a_step_are_a_request_of_its_job(name: str) -> None:
    operation, named = REQUESTS[STEPS[name]["Type"]]
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation)
    request = {**resolved(STEPS[name]["Arguments"]), **named}  # type: ignore[dict-item]

    assert model.input_shape is not None
    assert ParamValidator().validate(request, model.input_shape).generate_report() == ""


def test_every_reference_means_something() -> None:
    parameters = {parameter["Name"] for parameter in DEFINITION["Parameters"]}
    outputs = {
        f"Steps.{name}.ProcessingOutputConfig.Outputs['{output['OutputName']}'].S3Output.S3Uri"
        for name, step in STEPS.items()
        for output in step["Arguments"].get("ProcessingOutputConfig", {}).get("Outputs", [])
    }
    files = {
        f"Steps.{name}.PropertyFiles.{file['PropertyFileName']}"
        for name, step in STEPS.items()
        for file in step.get("PropertyFiles", [])
    }
    known = outputs | files | {"Steps.train.ModelArtifacts.S3ModelArtifacts"}
    known |= {f"Parameters.{name}" for name in parameters}
    known |= {"Execution.PipelineName", "Execution.PipelineExecutionId"}

    assert set(references(DEFINITION)) <= known
    assert parameters == {name[11:] for name in references(DEFINITION) if name.startswith("Parameters.")}


def test_nothing_of_an_emulator_is_in_it() -> None:
    assert not re.search(r"localhost|127\.0\.0\.1|localstack|test(?:ing)?\"", a_pipeline().to_json())
