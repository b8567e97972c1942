"""Settings of what stands beside the stream: scores on request, copies, how long rows are kept, EMR, SageMaker."""

import datetime as dt
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from fraudstream.environment import Duration, Group


class ScoringApiSettings(Group):
    """The service that scores on request."""

    scoring_api_host: str = Field(default="127.0.0.1", description="address the scoring API listens on")
    scoring_api_port: int = Field(default=8091, ge=1, le=65_535, description="port it listens on")
    scoring_api_names: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._,:-]*$",
        description="further host names (a,b) requests may come in by; 127.0.0.1 and localhost always may",
    )
    scoring_api_settings_dir: Path = Field(
        default=Path(".local/scoring-api"), description="folder of its token, made at the first start"
    )
    scoring_api_sessions: int = Field(
        default=4, ge=1, le=64, description="sessions it holds in the database at the most"
    )
    scoring_api_timeout_ms: int = Field(
        default=1_000, ge=10, le=60_000, description="time one of its statements may take, in ms"
    )

    @property
    def names(self) -> frozenset[str]:
        """The further names, in small letters."""
        return frozenset(name.lower() for name in self.scoring_api_names.split(",") if name)


class DynamoDbSettings(Group):
    """Where scores are copied to for those who look them up by id."""

    scores_table: str = Field(default="fraudstream-scores", description="DynamoDB table that scores are copied to")
    scores_kept: Duration = Field(
        default=dt.timedelta(days=90), description="how long DynamoDB keeps a score, from its payment's own time"
    )


class RetentionSettings(Group):
    """How long rows are kept, at the least; `fraudstream retain` deletes what is older and needed by nothing."""

    keep_scores: Duration = Field(
        default=dt.timedelta(days=400),
        ge=dt.timedelta(days=62),
        description="scored payments, by the broker's time; they go by whole months",
    )
    keep_ids: Duration = Field(
        default=dt.timedelta(days=800),
        description="ids of payments, by which a repeat is known; at least as long as KEEP_SCORES and as the log",
    )
    keep_alerts: Duration = Field(
        default=dt.timedelta(days=800),
        description="alerts that are closed, their messages, deliveries and decisions; at least as long as KEEP_SCORES",
    )
    keep_quarantine: Duration = Field(
        default=dt.timedelta(days=180), ge=dt.timedelta(days=1), description="refused records, by the broker's time"
    )
    keep_shadow_scores: Duration = Field(
        default=dt.timedelta(days=90), ge=dt.timedelta(days=1), description="what a challenger said, from its end on"
    )
    keep_messages: Duration = Field(
        default=dt.timedelta(days=30),
        ge=dt.timedelta(days=1),
        description="messages that were sent and are no alerts, and sessions of the analyst's page",
    )
    keep_audit: Duration = Field(
        default=dt.timedelta(days=2_557),
        ge=dt.timedelta(days=90),
        description="who did what: the audit log, replays, disclosures, tokens of machines that ended",
    )
    keep_until_archived: bool = Field(
        default=True, description="whether a month of scores stays until the archive holds all of it"
    )

    @model_validator(mode="after")
    def _ids_outlive_scores(self) -> Self:
        for name in ("keep_ids", "keep_alerts"):
            if getattr(self, name) < self.keep_scores:
                raise ValueError(f"{name.upper()} must not be shorter than KEEP_SCORES")
        return self


class EmrSettings(Group):
    """How the scorer is submitted to EMR Serverless."""

    emr_application_id: str = Field(description="EMR Serverless application that runs the scorer")
    emr_execution_role_arn: str = Field(description="IAM role that the scorer has there")
    emr_bucket: str = Field(description="S3 bucket of its checkpoints and logs")
    emr_entry_point: str = Field(
        default="local:///opt/fraudstream/spark/score.py",
        description="what is run: a file of the custom image, or an s3:// address",
    )
    emr_jars: str = Field(
        default="",
        description="jars that Spark's Kafka source needs (a,b), as s3:// or local:// addresses; none if unset",
    )
    emr_executors: int = Field(default=2, ge=1, le=1_000, description="executors, of which none is given back")
    emr_executor_cores: int = Field(default=2, ge=1, le=16, description="cores of each: partitions scored at a time")
    emr_executor_memory: str = Field(default="4g", pattern=r"^\d+[mg]$", description="heap of each")
    emr_failures_an_hour: int = Field(
        default=5, ge=1, le=10, description="failed attempts in an hour after which EMR gives the job up"
    )
    emr_log_group: str = Field(
        default="/aws/emr-serverless/fraudstream", description="CloudWatch log group of driver and executors"
    )


class SageMakerSettings(Group):
    """What the training pipeline is made of in SageMaker."""

    sagemaker_role_arn: str = Field(description="IAM role of the pipeline and of its jobs")
    sagemaker_image: str = Field(description="address of the image `ml`, which trains and serves")
    sagemaker_bucket: str = Field(description="S3 bucket of histories, models and evaluations")
    sagemaker_pipeline: str = Field(default="fraudstream", description="name of the pipeline")
    sagemaker_model_group: str = Field(default="fraudstream", description="model package group versions belong to")
    sagemaker_instance: str = Field(default="ml.m5.xlarge", description="instance type of its jobs")
    sagemaker_least_precision: float = Field(
        default=0.3, ge=0, le=1, description="average precision below which a version is not registered"
    )


class WatchSettings(Group):
    """What `fraudstream top` looks at, and whether retraining is a part of the stack."""

    metrics_targets: str | None = Field(
        default=None,
        description="where processes tell their metrics, NAME=HOST:PORT,NAME=HOST:PORT; those of the demo if unset",
    )
    retrain: bool = Field(
        default=True,
        description="1: new models are trained, tried and put to work by themselves; 0: nobody misses that service",
    )

    @property
    def switched_off(self) -> frozenset[str]:
        """Processes that are not there on purpose."""
        return frozenset() if self.retrain else frozenset({"retrain"})


class DashboardSettings(Group):
    """The analyst's page."""

    dashboard_host: str = Field(default="127.0.0.1", description="address the analyst's page listens on")
    dashboard_port: int = Field(default=8000, ge=1, le=65_535, description="port it listens on")
    dashboard_names: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._,:-]*$",
        description="further host names (a,b) it may be reached by, over TLS; 127.0.0.1 and localhost always may",
    )
    dashboard_database_url: SecretStr = Field(
        description="SQLAlchemy URL of the role that keeps the page's accounts and decisions; it reads by DATABASE_URL"
    )

    @property
    def names(self) -> frozenset[str]:
        """The further names, in small letters."""
        return frozenset(name.lower() for name in self.dashboard_names.split(",") if name)


class ChannelSettings(Group):
    """Where alerts go beside the topic that the alert function publishes to."""

    alert_channels: str = Field(
        default="",
        pattern=r"^((webhook|email|sns)(,(webhook|email|sns))*)?$",
        description="channels that `fraudstream notify` serves (webhook,email,sns); none if unset",
    )
    webhook_url: str | None = Field(default=None, description="address that gets every alert by POST, https")
    webhook_secret: SecretStr | None = Field(
        default=None, min_length=32, description="what webhooks are signed with, 32 characters or more"
    )
    smtp_host: str | None = Field(default=None, description="mail server that e-mails go by")
    smtp_port: int = Field(default=587, ge=1, le=65_535, description="its port; it must offer STARTTLS")
    smtp_user: str | None = Field(default=None, description="who signs in there; nobody if unset")
    smtp_password: SecretStr | None = Field(default=None, description="their password")
    smtp_ca_file: Path | None = Field(
        default=None, description="certificates that its own may be signed by; the system's if unset"
    )
    mail_from: str | None = Field(default=None, description="address that e-mails come from")
    mail_to: str | None = Field(default=None, description="addresses that get them (a,b)")
    channel_timeout_seconds: float = Field(
        default=10.0, gt=0, le=120, description="time one try of a channel may take, in seconds"
    )
    channel_attempts: int = Field(
        default=4, ge=1, le=20, description="tries of one alert in a row before the channel counts as away"
    )

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels, each once, in their order."""
        return tuple(dict.fromkeys(name for name in self.alert_channels.split(",") if name))


class TokenSettings(Group):
    """The key that turns card numbers into tokens."""

    token_key: SecretStr | None = Field(
        default=None, description="key of the tokens that `fraudstream tokenize` makes, 32 bytes or more"
    )
    token_key_file: Path = Field(
        default=Path(".local/token-key"), description="where it is kept if TOKEN_KEY is unset; made at the first use"
    )
