"""How the scorer reads its log and bounds its work."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import Field, model_validator

from fraudstream.environment import Duration, Group


class Profile(StrEnum):
    """What the scorer is for."""

    LATENCY = "latency"
    THROUGHPUT = "throughput"


OF_PROFILES: Mapping[str, dict[str, object]] = {
    Profile.THROUGHPUT: {"trigger_interval_ms": 500, "max_offsets_per_trigger": 160_000},
}
"""What settings are, unless they are set, in a profile that is not the default."""


class ScoringSettings(Group):
    """How the scorer reads and bounds its work."""

    spark_master: str = Field(
        default="local[2,4]",
        description="Spark master, the second number retries failed tasks; submitted: the one spark-submit says",
    )
    spark_jars_dir: Path | None = Field(default=None, description="folder of the jars that Spark's Kafka source needs")
    spark_driver_memory: str = Field(default="1g", pattern=r"^\d+[mg]$", description="heap of the Spark driver")
    spark_executor_memory: str = Field(
        default="512m", pattern=r"^\d+[mg]$", description="heap of a Spark executor, where there is a cluster"
    )
    checkpoint_dir: str = Field(
        default=".local/checkpoints",
        description="parent of Spark's disposable checkpoints, one folder for each epoch",
    )
    scoring_profile: Profile = Field(
        default=Profile.LATENCY,
        description="latency, or throughput: longer pauses and larger micro-batches, so fewer of them, for more "
        "memory; gives the next two a default",
    )
    trigger_interval_ms: int = Field(
        default=70,
        ge=0,
        le=60_000,
        description="from the start of one micro-batch to the next one's, at the least, in ms; 500 in the profile "
        "throughput",
    )
    max_offsets_per_trigger: int = Field(
        default=40_000,
        ge=1,
        description="records one micro-batch takes at the most, whatever waits; 160000 in the profile throughput",
    )
    slice_rows: int = Field(default=50_000, ge=1, description="records one commit takes at the most")
    max_future: Duration = Field(
        default=dt.timedelta(days=1),
        description="how far a payment's timestamp may lie beyond the broker's time",
    )
    label_delay: Duration = Field(
        default=dt.timedelta(days=4),
        description="when a label that travels inside a payment counts as arrived, after the payment's own time",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_the_profile(cls, values: dict[str, object]) -> dict[str, object]:
        return OF_PROFILES.get(str(values.get("scoring_profile")), {}) | values
