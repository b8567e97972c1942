"""The results that stand in the repository: added to, and compared with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.regression import slower

LATEST = Path(__file__).parent / "results" / "latest.json"
QUICK = LATEST.with_name("quick.json")
"""Of one round on shorter logs, of which the start of Java is a larger part: compared with its own kind alone."""


def kept(file: Path = LATEST) -> dict[str, Any]:
    """What stands in a file of results.

    Raises:
        SystemExit: there is none yet, with what makes it.
    """
    if not file.exists():
        raise SystemExit(f"{file} is not there: `make bench` makes it")
    results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return results


def keep(found: Mapping[str, Any], file: Path) -> None:
    """Write results into a file, which keeps what they do not name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    before = kept(file) if file.exists() else {}
    file.write_text(json.dumps({**before, **found}, indent=2) + "\n", encoding="utf-8")


def keep_scale(found: Mapping[str, Any], file: Path) -> None:
    """Write the steps of some dimensions into a file, which keeps those of others."""
    before = kept(file).get("scale", {}) if file.exists() else {}
    keep({"scale": {**before, **found}}, file)


def told_regressions(found: Mapping[str, Any], file: Path) -> list[str]:
    """What to say of these results beside the committed ones."""
    before = kept(file) if file.exists() else {}
    if "calibration" not in before:
        return [f"there is no committed result in {file.name} to compare with"]
    worse = slower(before, found)
    return [f"WARNING {sentence}" for sentence in worse] or ["nothing is slower than the committed result by a fifth"]
