"""The results that stand in the repository: added to, and compared with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.regression import slower

LATEST = Path(__file__).parent / "results" / "latest.json"


def keep(found: Mapping[str, Any], file: Path) -> None:
    """Write results into a file, which keeps what they do not name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**before, **found}, indent=2) + "\n", encoding="utf-8")


def told_regressions(found: Mapping[str, Any], file: Path = LATEST) -> list[str]:
    """What to say of these results beside the committed ones."""
    if not file.exists():
        return ["there is no committed result to compare with"]
    worse = slower(json.loads(file.read_text(encoding="utf-8")), found)
    return [f"WARNING {sentence}" for sentence in worse] or ["nothing is slower than the committed result by a fifth"]
