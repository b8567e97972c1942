"""The pipeline as SageMaker reads it: history, training, evaluation, gate, registration.

Its form is the pipeline definition schema 2020-12-01; the arguments of each step are those of the job's own request
(CreateProcessingJob, CreateTrainingJob, CreateModelPackage) without its name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fraudstream.sagemaker.evaluation import REPORT
from fraudstream.sagemaker.history import FILE_NAME
from fraudstream.service_settings import SageMakerSettings
from fraudstream.settings import RegistrySettings

Document = dict[str, object]

SCHEMA_VERSION = "2020-12-01"
RUN = ["python", "-m", "fraudstream", "sagemaker"]
HISTORY, MODEL, RESULT = (f"/opt/ml/processing/{name}" for name in ("history", "model", "result"))
DISK_GIGABYTES = 30
LONGEST_JOB = 4 * 3_600
"""Seconds a job may take."""


@dataclass(frozen=True)
class TrainingPipeline:
    """A pipeline of these settings; `environment` is what its jobs find there besides."""

    settings: SageMakerSettings
    environment: Mapping[str, str]

    def definition(self) -> Document:
        """The whole document."""
        return {
            "Version": SCHEMA_VERSION,
            "Metadata": {},
            "Parameters": [
                {"Name": "Customers", "Type": "Integer", "DefaultValue": 2_000},
                {"Name": "HistoryDays", "Type": "Integer", "DefaultValue": 45},
                {"Name": "Model", "Type": "String", "DefaultValue": "histogram-boosting"},
                {
                    "Name": "LeastPrecision",
                    "Type": "Float",
                    "DefaultValue": self.settings.sagemaker_least_precision,
                },
                {"Name": "InstanceType", "Type": "String", "DefaultValue": self.settings.sagemaker_instance},
            ],
            "PipelineExperimentConfig": {
                "ExperimentName": {"Get": "Execution.PipelineName"},
                "TrialName": {"Get": "Execution.PipelineExecutionId"},
            },
            "Steps": [self._replay(), self._train(), self._evaluate(), self._gate()],
        }

    def to_json(self) -> str:
        """The document as text, with a trailing line feed."""
        return json.dumps(self.definition(), indent=2) + "\n"

    def _replay(self) -> Document:
        arguments = ["--customers", _text("Customers"), "--history-days", _text("HistoryDays"), "--output", HISTORY]
        return self._processing("replay", ["history", *arguments], outputs={"history": HISTORY})

    def _train(self) -> Document:
        channel = {
            "ChannelName": "history",
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": _output_of("replay", "history"),
                    "S3DataDistributionType": "FullyReplicated",
                }
            },
        }
        return {
            "Name": "train",
            "Type": "Training",
            "Arguments": {
                "AlgorithmSpecification": {
                    "TrainingImage": self.settings.sagemaker_image,
                    "TrainingInputMode": "File",
                    "ContainerEntrypoint": ["python", "-m", "fraudstream"],
                    "ContainerArguments": ["train"],
                },
                "HyperParameters": {"model": _parameter("Model")},
                "InputDataConfig": [channel],
                "OutputDataConfig": {"S3OutputPath": f"s3://{self.settings.sagemaker_bucket}/models"},
                "ResourceConfig": self._machine(),
                "RoleArn": self.settings.sagemaker_role_arn,
                "StoppingCondition": {"MaxRuntimeInSeconds": LONGEST_JOB},
                "Environment": dict(self.environment),
            },
        }

    def _evaluate(self) -> Document:
        arguments = ["--model", MODEL, "--history", f"{HISTORY}/{FILE_NAME}", "--output", RESULT]
        step = self._processing(
            "evaluate",
            ["evaluate", *arguments],
            inputs={"model": (MODEL, _get("Steps.train.ModelArtifacts.S3ModelArtifacts")),
                    "history": (HISTORY, _output_of("replay", "history"))},
            outputs={"evaluation": RESULT},
        )  # fmt: skip
        report = {"PropertyFileName": "evaluation", "OutputName": "evaluation", "FilePath": REPORT}
        return {**step, "PropertyFiles": [report]}

    def _gate(self) -> Document:
        found = {"PropertyFile": _get("Steps.evaluate.PropertyFiles.evaluation"), "Path": "metrics.average_precision"}
        return {
            "Name": "gate",
            "Type": "Condition",
            "Arguments": {
                "Conditions": [
                    {
                        "Type": "GreaterThanOrEqualTo",
                        "LeftValue": {"Std:JsonGet": found},
                        "RightValue": _parameter("LeastPrecision"),
                    }
                ],
                "IfSteps": [self._register()],
                "ElseSteps": [
                    {
                        "Name": "refuse",
                        "Type": "Fail",
                        "Arguments": {"ErrorMessage": "the average precision is below LeastPrecision"},
                    }
                ],
            },
        }

    def _register(self) -> Document:
        """A version waits for somebody's approval; what scores payments follows from `fraudstream promote` alone."""
        container = {
            "Image": self.settings.sagemaker_image,
            "ModelDataUrl": _get("Steps.train.ModelArtifacts.S3ModelArtifacts"),
        }
        report = {
            "ContentType": "application/json",
            "S3Uri": _joined(_output_of("evaluate", "evaluation"), f"/{REPORT}"),
        }
        return {
            "Name": "register",
            "Type": "RegisterModel",
            "Arguments": {
                "ModelPackageGroupName": self.settings.sagemaker_model_group,
                "ModelApprovalStatus": "PendingManualApproval",
                "InferenceSpecification": {
                    "Containers": [container],
                    "SupportedContentTypes": ["application/json", "application/jsonlines"],
                    "SupportedResponseMIMETypes": ["application/json", "application/jsonlines"],
                    "SupportedRealtimeInferenceInstanceTypes": [self.settings.sagemaker_instance],
                },
                "ModelMetrics": {"ModelQuality": {"Statistics": report}},
            },
        }

    def _processing(
        self,
        name: str,
        arguments: list[object],
        *,
        outputs: Mapping[str, str],
        inputs: Mapping[str, tuple[str, Document]] | None = None,
    ) -> Document:
        """A job that reads folders from S3 and writes folders back to it."""
        return {
            "Name": name,
            "Type": "Processing",
            "Arguments": {
                "ProcessingResources": {"ClusterConfig": self._machine()},
                "AppSpecification": {
                    "ImageUri": self.settings.sagemaker_image,
                    "ContainerEntrypoint": RUN,
                    "ContainerArguments": arguments,
                },
                "RoleArn": self.settings.sagemaker_role_arn,
                "StoppingCondition": {"MaxRuntimeInSeconds": LONGEST_JOB},
                "ProcessingInputs": [_input(key, *place) for key, place in (inputs or {}).items()],
                "ProcessingOutputConfig": {
                    "Outputs": [_output(key, path, self._folder(name)) for key, path in outputs.items()]
                },
                "Environment": dict(self.environment),
            },
        }

    def _machine(self) -> Document:
        return {
            "InstanceType": _parameter("InstanceType"),
            "InstanceCount": 1,
            "VolumeSizeInGB": DISK_GIGABYTES,
        }

    def _folder(self, step: str) -> Document:
        """Each execution has a folder of its own."""
        return _joined(
            f"s3://{self.settings.sagemaker_bucket}/pipeline/", _get("Execution.PipelineExecutionId"), f"/{step}"
        )


def job_environment(registry: RegistrySettings) -> dict[str, str]:
    """What the jobs of a pipeline find in their environment: where models are tracked and registered."""
    return {
        "MLFLOW_TRACKING_URI": registry.mlflow_tracking_uri,
        "MODEL_NAME": registry.model_name,
        "LOG_FORMAT": "json",
        "MPLCONFIGDIR": "/tmp/matplotlib",  # noqa: S108 - in a container of its own
    }


def _get(path: str) -> Document:
    return {"Get": path}


def _parameter(name: str) -> Document:
    return _get(f"Parameters.{name}")


def _text(name: str) -> Document:
    """A parameter where only text is taken."""
    return _joined(_parameter(name))


def _joined(*values: object) -> Document:
    return {"Std:Join": {"On": "", "Values": list(values)}}


def _output_of(step: str, name: str) -> Document:
    return _get(f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri")


def _input(name: str, path: str, place: Document) -> Document:
    return {
        "InputName": name,
        "AppManaged": False,
        "S3Input": {
            "S3Uri": place,
            "LocalPath": path,
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
        },
    }


def _output(name: str, path: str, place: Document) -> Document:
    return {
        "OutputName": name,
        "AppManaged": False,
        "S3Output": {"S3Uri": place, "LocalPath": path, "S3UploadMode": "EndOfJob"},
    }
