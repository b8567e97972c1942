"""Which code a model was trained with."""

import subprocess
from pathlib import Path

from fraudstream import __version__

_TIMEOUT = 5.0
"""Seconds git may take."""


def code_version(folder: Path | None = None) -> str:
    """The release, and the git commit of `folder` (this file's own, if unset) where there is one.

    `+<commit>` follows the release in a checkout, and `.dirty` that where tracked files were changed.
    """
    place = folder or Path(__file__).parent
    commit = _git(place, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return __version__
    changed = _git(place, "status", "--porcelain", "--untracked-files=no")
    return f"{__version__}+{commit}{'.dirty' if changed else ''}"


def _git(place: Path, *arguments: str) -> str:
    """What git answers, or nothing where there is no git, no repository or no answer in time."""
    try:
        done = subprocess.run(
            ["git", "-C", str(place), *arguments], capture_output=True, text=True, check=True, timeout=_TIMEOUT
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
