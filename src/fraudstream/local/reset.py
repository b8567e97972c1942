"""Begin anew: delete what the demo has stored in its home folder, after asking."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from fraudstream.errors import ConfigurationError
from fraudstream.local.home_findings import owner_of
from fraudstream.settings import LocalSettings

MADE_HERE = frozenset(
    {"kafka", "postgres", "mlflow", "checkpoints", "journal", "logs", "run", "ports.json", "endpoints.env"}
    | {"dashboard", "archive", "scoring-api", "analyst"}
)
"""What a home folder may hold; anything else in it is somebody else's, and stays."""
Confirm = Callable[[str], bool]


def ask(question: str) -> bool:
    """Ask on the terminal; anything but y or yes is a no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def reset(confirm: Confirm, home: Path | None = None) -> str:
    """Delete payments, scores, models and passwords of the embedded stack; returns what was done.

    Raises:
        ConfigurationError: the demo is running there.
    """
    folder = (home or LocalSettings.load().fraudstream_home).absolute()
    if owner := owner_of(folder):
        raise ConfigurationError(f"the demo is running in {folder} (process {owner}): stop it first")
    stored = sorted(path for path in folder.glob("*") if path.name in MADE_HERE)
    if not stored:
        return f"nothing is stored in {folder}"
    if not confirm(f"Delete {', '.join(path.name for path in stored)} in {folder}?"):
        return "nothing was deleted"
    for path in stored:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return f"{folder} is as before the first demo"
