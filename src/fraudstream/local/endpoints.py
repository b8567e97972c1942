"""The file that tells other programs where everything is: NAME=value lines that a shell can source."""

import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

FILE_NAME = "endpoints.env"


def write_endpoints(home: Path, addresses: Mapping[str, str]) -> Path:
    """Write all addresses at once, readable for the owner alone; returns the file.

    `DATABASE_URL` in it is the schema owner's: on their own machine, whoever reads the file may do everything.
    """
    path = home / FILE_NAME
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in addresses.items())
    with tempfile.NamedTemporaryFile("w", dir=home, prefix=".endpoints-", delete=False, encoding="utf-8") as fresh:
        fresh.writelines(lines)
    Path(fresh.name).rename(path)
    return path


def remove_endpoints(home: Path) -> None:
    """Nothing is running any more."""
    (home / FILE_NAME).unlink(missing_ok=True)
