"""The demo keeps its word: a fraud is alerted and notified, and the balance holds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

ZEROS = ("lost", "duplicated", "phantom", "mismatched", "in_flight")


def balance_of(output: str) -> dict[str, Any]:
    last = output.strip().splitlines()[-1]
    assert last.startswith("VERIFY ")
    balance: dict[str, Any] = json.loads(last.removeprefix("VERIFY "))
    return balance


def test_the_demo_ends_with_a_balance_of_zeros(tmp_path: Path) -> None:
    environment = os.environ | {"FRAUDSTREAM_HOME": str(tmp_path / "home"), "DEMO_SECONDS": "30"}
    command = [sys.executable, "-m", "fraudstream", "demo", "--rate", "300", "--customers", "1000"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400, check=False
    )
    balance = balance_of(done.stdout)

    assert {name: balance[name] for name in ZEROS} == dict.fromkeys(ZEROS, 0)
    assert balance["log_records"] == balance["scored"] + balance["quarantined"] + balance["repeats_dropped"]
    assert balance["acknowledged"] == balance["produced"]
    assert balance["mismatch_checked"] >= 1_000
    assert balance["alerts"] == balance["notified"] > 0
    assert balance["scripted_fraud_alert_ms"] > 0
    assert done.returncode == 0, done.stderr[-4_000:]
    assert not (tmp_path / "home" / "endpoints.env").exists()
