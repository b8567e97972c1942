"""The secret that lets a program act for the analyst: a random word in a file that nobody else may read."""

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from fraudstream.errors import ConfigurationError

TOKEN_BYTES = 32
FILE_NAME = "api-token"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def token_file(folder: Path) -> Path:
    """Where the token of a settings folder is."""
    return folder / FILE_NAME


def read_or_make_token(folder: Path) -> str:
    """The token of a settings folder; made, with the folder, at the first call.

    Raises:
        ConfigurationError: the folder can't be written, or others may read the file.
    """
    path = token_file(folder)
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(path)
        if path.stat().st_mode & OTHERS:
            raise ConfigurationError(f"others may read {path}, which lets them act for the analyst: chmod 600 {path}")
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the token {path} can't be read or made: {error}") from error
    if len(token) < TOKEN_BYTES:
        raise ConfigurationError(f"{path} holds no token: delete it, and the next start makes another")
    return token


def _make(path: Path) -> None:
    """Appear whole or not at all; of two first starts at once the earlier file counts."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".api-token-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        Path(unfinished).unlink()
