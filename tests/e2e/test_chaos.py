"""Parts are killed and stalled under load, and nothing comes of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1_260)]

ZEROS = ("lost", "duplicated", "phantom", "mismatched", "misordered", "alerts_missing", "alerts_doubled")


def test_the_short_run_ends_in_zeros(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fraudstream", "chaos", "--seed", "5", "--kills", "2", "--rate", "200"]
    done = subprocess.run(
        command, cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, timeout=1_200, check=False
    )
    last = (done.stdout.strip().splitlines() or [""])[-1]
    assert last.startswith("CHAOS "), f"{done.stdout[-4_000:]}\n{done.stderr[-4_000:]}"
    outcome = json.loads(last.removeprefix("CHAOS "))

    assert {name: outcome[name] for name in ZEROS} == dict.fromkeys(ZEROS, 0)
    assert outcome["kills"] == 2
    assert {"kill scorer", "kill kafka"} <= set(outcome["faults"])
    assert outcome["mismatch_checked"] == outcome["scored"] >= 4_000
    assert outcome["quarantined"] > 0 < outcome["repeats_dropped"]
    assert outcome["alerts"] == outcome["notified"] > 0
    assert done.returncode == 0, outcome["problems"]
