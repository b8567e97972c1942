"""`spark/preflight.py` on a plain local Spark: what is there, and what is missing is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fraudstream.local.jars import spark_jars

pytestmark = pytest.mark.spark

SCRIPT = Path(__file__).parents[2] / "spark" / "preflight.py"


def examined(**variables: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "SPARK_MASTER": "local[1]", **variables},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_everything_is_there_but_the_jars_that_only_a_bucket_and_msk_need() -> None:
    status, told = examined(
        SPARK_JARS_DIR=str(spark_jars()[0].parent),
        CHECKPOINT_DIR="s3a://bucket/checkpoints",
        KAFKA_SASL_MECHANISM="AWS_MSK_IAM",
    )

    assert status == 1
    assert any("a Python worker: runs" in line for line in told)
    missing = [line for line in told if not line.startswith("ok ")]
    assert [line.split(": the jar ")[1].split()[0] for line in missing] == [
        "spark-hadoop-cloud_2.13", "hadoop-aws", "s3", "aws-msk-iam-auth", "sts",
    ]  # fmt: skip
