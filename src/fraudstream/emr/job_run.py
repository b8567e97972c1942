"""The request that starts the scorer on EMR Serverless, as a document; nothing here calls anything."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fraudstream.errors import ConfigurationError
from fraudstream.service_settings import EmrSettings

SPARK_MASTER = "submitted"
"""The value of `SPARK_MASTER` by which the scorer leaves the master to spark-submit."""
PYTHON = "/opt/venv/bin/python"
"""Of the custom image, for driver and executors alike."""
CHECKPOINTS_IN_A_BUCKET = "org.apache.spark.internal.io.cloud.AbortableStreamBasedCheckpointFileManager"
"""An object store has no rename: a checkpoint file appears whole when its upload ends, or not at all."""
LOG_TYPES = {"SPARK_DRIVER": ["STDERR", "STDOUT"], "SPARK_EXECUTOR": ["STDERR", "STDOUT"]}
NAME = "fraudstream-scorer"
DRIVER_CORES, DRIVER_MEMORY = 1, "2g"


@dataclass(frozen=True)
class JobRun:
    """A run of the scorer; `variables` are what driver and executors find in their environment."""

    settings: EmrSettings
    variables: Mapping[str, str]

    def request(self, *, preflight: bool = False) -> dict[str, Any]:
        """The arguments of StartJobRun; with `preflight`, of a run that imports everything and ends.

        Raises:
            ConfigurationError: `DATABASE_URL` holds a password, which everybody who may look at the job would see.
        """
        _check_secrets(self.variables)
        settings = self.settings
        monitoring = {
            "s3MonitoringConfiguration": {"logUri": f"s3://{settings.emr_bucket}/logs/"},
            "cloudWatchLoggingConfiguration": {
                "enabled": True,
                "logGroupName": settings.emr_log_group,
                "logStreamNamePrefix": "scorer",
                "logTypes": LOG_TYPES,
            },
        }
        run: dict[str, Any] = {
            "applicationId": settings.emr_application_id,
            "executionRoleArn": settings.emr_execution_role_arn,
            "name": f"{NAME}-preflight" if preflight else NAME,
            "jobDriver": {
                "sparkSubmit": {
                    "entryPoint": self._entry_point(preflight=preflight),
                    "entryPointArguments": [] if preflight else ["--standby"],
                    "sparkSubmitParameters": self._parameters(),
                }
            },
            "configurationOverrides": {"monitoringConfiguration": monitoring},
            "tags": {"application": "fraudstream"},
        }
        if preflight:
            return run | {"executionTimeoutMinutes": 15}
        # A streaming run is started again after a failure; the new attempt stands by until the old one's session ends.
        return run | {
            "mode": "STREAMING",
            "retryPolicy": {"maxFailedAttemptsPerHour": settings.emr_failures_an_hour},
            "executionTimeoutMinutes": 0,
        }

    def _entry_point(self, *, preflight: bool) -> str:
        score = self.settings.emr_entry_point
        return f"{score.rpartition('/')[0]}/preflight.py" if preflight else score

    def _parameters(self) -> str:
        settings = self.settings
        environment = {**self.variables, "SPARK_MASTER": SPARK_MASTER, "CHECKPOINT_DIR": self._checkpoints}
        options = {
            "spark.driver.cores": str(DRIVER_CORES),
            "spark.driver.memory": DRIVER_MEMORY,
            "spark.executor.cores": str(settings.emr_executor_cores),
            "spark.executor.memory": settings.emr_executor_memory,
            "spark.executor.instances": str(settings.emr_executors),
            "spark.dynamicAllocation.enabled": "false",
            "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": PYTHON,
            "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": PYTHON,
            "spark.executorEnv.PYSPARK_PYTHON": PYTHON,
            "spark.sql.streaming.checkpointFileManagerClass": CHECKPOINTS_IN_A_BUCKET,
        }
        for name, value in sorted(environment.items()):
            options[f"spark.emr-serverless.driverEnv.{name}"] = value
            options[f"spark.executorEnv.{name}"] = value
        if settings.emr_jars:
            options["spark.jars"] = settings.emr_jars
        words = [word for name, value in options.items() for word in ("--conf", f"{name}={value}")]
        return shlex.join(words)

    @property
    def _checkpoints(self) -> str:
        return f"s3://{self.settings.emr_bucket}/checkpoints"


def _check_secrets(variables: Mapping[str, str]) -> None:
    url = variables.get("DATABASE_URL")
    if not url:
        raise ConfigurationError("DATABASE_URL is not set (needed by the scorer); .env.example explains it")
    if urlsplit(url).password is not None:
        raise ConfigurationError(
            "DATABASE_URL holds a password, and everybody who may look at the job would see it: leave it out, and let "
            "the scorer sign in with IAM or with the file that PGPASSFILE names in the image"
        )
