"""The only reader of the environment: small frozen groups, each loaded by the process that needs it.

Names are the standard ones where a standard exists (`DATABASE_URL`, `KAFKA_BOOTSTRAP_SERVERS`,
`MLFLOW_TRACKING_URI`); what AWS's own SDK reads (`AWS_ENDPOINT_URL`, `AWS_REGION`, credentials) is left to it.
`.env.example` lists exactly these names, and a test holds the two together.
"""

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError

from fraudstream.bounds import allowed
from fraudstream.connections import (
    DatabaseAuth,
    DatabaseSettings,
    KafkaSettings,
    ProvisioningSettings,
    SaslMechanism,
    SecurityProtocol,
)
from fraudstream.environment import Duration, Group
from fraudstream.scoring_settings import ScoringSettings
from fraudstream.service_settings import (
    ChannelSettings,
    DashboardSettings,
    DynamoDbSettings,
    EmrSettings,
    RetentionSettings,
    SageMakerSettings,
    ScoringApiSettings,
    TokenSettings,
    WatchSettings,
)

__all__ = [
    "GROUPS",
    "SDK_PREFIXES",
    "AdministratorSettings",
    "AlertingSettings",
    "AnalystSettings",
    "ArchiveSettings",
    "ChannelSettings",
    "DashboardSettings",
    "DatabaseAuth",
    "DatabaseSettings",
    "Duration",
    "DynamoDbSettings",
    "EmrSettings",
    "HealthSettings",
    "KafkaSettings",
    "LocalSettings",
    "LogSettings",
    "MetricsSettings",
    "ProducerSettings",
    "ProvisioningSettings",
    "RegistrySettings",
    "RetentionSettings",
    "SageMakerSettings",
    "SaslMechanism",
    "ScoringApiSettings",
    "ScoringSettings",
    "SecurityProtocol",
    "TokenSettings",
    "WatchSettings",
    "impossible",
    "sdk_environment",
    "set_here",
    "variables",
]


class AdministratorSettings(Group):
    """A database server that is there already."""

    postgres_password: SecretStr | None = Field(
        default=None, description="password of its administrator; in compose a random one is made if unset"
    )


class RegistrySettings(Group):
    """Where models are tracked and registered."""

    mlflow_tracking_uri: str = Field(description="MLflow tracking and registry URI")
    mlflow_artifact_root: str | None = Field(
        default=None,
        description="where a new experiment keeps its artifacts; the tracking server decides if unset",
    )
    model_name: str = Field(default="fraudstream", description="name of the registered model")


class AlertingSettings(Group):
    """Names of what the alert path uses in AWS, real or emulated, and how many alerts an hour may have."""

    alerts_topic_arn: str | None = Field(default=None, description="SNS topic that alerts are published to")
    notifications_queue_url: str | None = Field(
        default=None, description="SQS queue subscribed to that topic, which the notification inbox reads"
    )
    idempotency_table: str = Field(
        default="fraudstream-alert-idempotency",
        description="DynamoDB table of alerts that were already notified",
    )
    alert_function_name: str | None = Field(
        default=None,
        description="name or ARN of the deployed alert function; "
        "unset, the trigger runs the function itself under AWS's runtime client",
    )
    lambda_timeout_seconds: int = Field(
        default=30, ge=1, le=900, description="time one invocation of the alert Lambda has"
    )
    alerts_per_hour: int | None = Field(
        default=None,
        ge=0,
        description="alerts the relay publishes in an hour at the most, further ones are held; no limit if unset",
    )


class ArchiveSettings(Group):
    """Where the archive goes, and how large its objects get."""

    archive_bucket: str = Field(default="fraudstream-archive", description="S3 bucket of the archive")
    archive_roll_megabytes: int = Field(
        default=64, ge=1, le=1_000, description="records of so many megabytes become an object at once"
    )
    archive_roll: Duration = Field(
        default=dt.timedelta(seconds=60), description="so do records of which the oldest has waited so long"
    )


class AnalystSettings(Group):
    """The analyst's service."""

    analyst_host: str = Field(default="127.0.0.1", description="address the analyst's service listens on")
    analyst_port: int = Field(default=8090, ge=1, le=65_535, description="port it listens on")
    analyst_names: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._,:-]*$",
        description="further host names (a,b) requests may come in by; 127.0.0.1 and localhost always may",
    )
    analyst_settings_dir: Path = Field(
        default=Path(".local/analyst"), description="folder of its token, made at the first start"
    )

    @property
    def names(self) -> frozenset[str]:
        """The further names, in small letters."""
        return frozenset(name.lower() for name in self.analyst_names.split(",") if name)


class LocalSettings(Group):
    """The embedded stack on one machine."""

    fraudstream_home: Path = Field(default=Path(".local"), description="folder of everything the embedded stack keeps")
    fraudstream_cache: Path | None = Field(
        default=None,
        description="folder of downloaded jars, shared between checkouts; ~/.cache/fraudstream if unset",
    )
    maven_repository_url: str | None = Field(
        default=None, description="Maven mirror for the jars; Maven Central if unset"
    )
    demo_seconds: int = Field(
        default=60, ge=10, le=86_400, description="length of the demo without a terminal, in seconds"
    )


class ProducerSettings(Group):
    """What the producer keeps."""

    journal_dir: Path = Field(default=Path(".local/journal"), description="folder of the producer's journals")


class HealthSettings(Group):
    """How a process says that it does its work."""

    health_file: Path | None = Field(
        default=None, description="file that a service touches while it works, for the health check of its container"
    )


class MetricsSettings(Group):
    """Where a process tells Prometheus its figures."""

    metrics_port: int | None = Field(
        default=None, ge=1, le=65_535, description="port a process serves its metrics on, one for each; none if unset"
    )
    metrics_host: str = Field(default="127.0.0.1", description="address it serves them on")


class LogSettings(Group):
    """How every process logs."""

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least severity logged")
    log_format: str = Field(
        default="console", pattern="^(console|json)$", description="console for people, json for machines"
    )


GROUPS: tuple[type[Group], ...] = (
    KafkaSettings,
    DatabaseSettings,
    ProvisioningSettings,
    AdministratorSettings,
    RegistrySettings,
    ScoringSettings,
    AlertingSettings,
    ChannelSettings,
    ArchiveSettings,
    ProducerSettings,
    TokenSettings,
    AnalystSettings,
    ScoringApiSettings,
    DynamoDbSettings,
    RetentionSettings,
    EmrSettings,
    SageMakerSettings,
    DashboardSettings,
    LocalSettings,
    HealthSettings,
    MetricsSettings,
    WatchSettings,
    LogSettings,
)


def variables() -> dict[str, str]:
    """Every environment variable the project reads, with its meaning, in the order of the groups."""
    return {name.upper(): field.description or "" for group in GROUPS for name, field in group.model_fields.items()}


def impossible(values: Mapping[str, str]) -> dict[str, str]:
    """Which of these variables cannot have the value they have here, and why; the reason never quotes the value.

    A number is told what it may be: "takes a whole number from 1 to 9". Empty values count as unset, names that
    are none of ours are passed over, and nothing has to be there.
    """
    reasons: dict[str, str] = {}
    for group in GROUPS:
        given = {name: values[name.upper()] for name in group.model_fields if values.get(name.upper())}
        try:
            group.model_validate(given)
        except ValidationError as error:
            problems = {str(problem["loc"][0]): problem["msg"] for problem in error.errors() if problem["loc"]}
            fields = group.model_fields
            reasons |= {name.upper(): allowed(fields[name]) or problems[name] for name in given if name in problems}
    return reasons


def set_here(*groups: type[Group]) -> dict[str, str]:
    """Which variables of these groups this environment sets, for a process elsewhere that is to have the same."""
    names = [name.upper() for group in groups for name in group.model_fields]
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def training_variables() -> dict[str, str]:
    """What SageMaker's training toolkit sets for a training job; empty elsewhere."""
    return {name: value for name, value in os.environ.items() if name.startswith("SM_")}


SDK_PREFIXES = ("AWS_", "POWERTOOLS_")
"""Variables with these prefixes are read by libraries of AWS and not by us."""


def sdk_environment() -> dict[str, str]:
    """What AWS's libraries read from this environment, for a process that gets an environment of its own.

    `HOME` is where their configuration files are looked for; the region is there under both of its names.
    """
    found = {name: value for name, value in os.environ.items() if name.startswith(SDK_PREFIXES) or name == "HOME"}
    region = found.get("AWS_REGION") or found.get("AWS_DEFAULT_REGION")
    return found | ({"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {})
