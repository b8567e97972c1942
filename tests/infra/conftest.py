"""The gates of infra/, run once in the environment of the CDK."""

import json
import os
import subprocess
from typing import Any

import pytest
from tests.infra.templates import ROOT

PYTHON = ROOT / ".venv-infra" / "bin" / "python"
TIMEOUT = 280


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `make audit-infra` finds, by gate, with a second deployment's templates under `brought`."""
    if not PYTHON.exists():
        pytest.fail("the environment of the CDK is not there: run `make .venv-infra`", pytrace=False)
    written = tmp_path_factory.mktemp("audit") / "audit.json"
    done = subprocess.run(
        [str(PYTHON), "-m", "infra.audit", "--json", str(written)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(written.read_text("utf-8"))
    return found
