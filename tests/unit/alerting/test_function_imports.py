"""The alert function stays light: what it imports decides how fast it starts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTION = Path(__file__).parents[3] / "services" / "alert_lambda"
HEAVY = [
    "pyspark",
    "pandas",
    "sklearn",
    "mlflow",
    "sqlalchemy",
    "psycopg2",
    "confluent_kafka",
    "numba",
    "numpy",
    "pyarrow",
    "pydantic",
    "structlog",
]

SCRIPT = f"""
import json, sys
import handler
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
ENVIRONMENT = {
    "PYTHONPATH": str(FUNCTION),
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
    "IDEMPOTENCY_TABLE": "alerts",
}


def load(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_it_imports_nothing_heavy() -> None:
    done = load(ENVIRONMENT)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("missing", ["ALERTS_TOPIC_ARN", "IDEMPOTENCY_TABLE"])
def test_it_does_not_start_without_its_names(missing: str) -> None:
    done = load({name: value for name, value in ENVIRONMENT.items() if name != missing})

    assert done.returncode != 0
    assert missing in done.stderr
