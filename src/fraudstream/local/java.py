"""Find a Java that Spark and the broker run on, or say in one sentence what to do."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fraudstream.errors import ConfigurationError

SUPPORTED = (17, 21)
"""Major versions that Spark 4.1 and Kafka 4.1 both support."""
VERSION_TIMEOUT = 30.0
"""Seconds that `java -version` may take on a busy machine."""
NEXT_STEP = (
    "install Java 17 or 21 (on Debian and Ubuntu `sudo apt-get install openjdk-17-jre-headless`) "
    "or point JAVA_HOME at one"
)


@dataclass(frozen=True)
class Java:
    """One Java installation that is fit for use."""

    executable: Path
    version: int

    @property
    def home(self) -> Path:
        """What JAVA_HOME must say for a child process to get the same Java."""
        return self.executable.resolve().parent.parent


def find_java(environment: Mapping[str, str]) -> Java:
    """The first supported Java: the one JAVA_HOME names, else the one on PATH.

    Raises:
        ConfigurationError: there is none, or only versions that are not supported; the message names them.
    """
    refused: list[str] = []
    for source, executable in _candidates(environment):
        version = _version(executable)
        if version in SUPPORTED:
            return Java(executable, version)
        found = f"Java {version}" if version else "no working Java"
        refused.append(f"{source} gives {found} ({executable})")
    if refused:
        raise ConfigurationError(f"Java 17 or 21 is needed, but {' and '.join(refused)}: {NEXT_STEP}.")
    raise ConfigurationError(f"Java was not found, neither by JAVA_HOME nor on PATH: {NEXT_STEP}.")


def _candidates(environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    if home := environment.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    if on_path := shutil.which("java", path=environment.get("PATH", "")):
        yield "PATH", Path(on_path)


def _version(executable: Path) -> int | None:
    """Major version of one `java`; `None` if it can't be run or doesn't say."""
    try:
        done = subprocess.run(
            [executable, "-version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)(?:\.(\d+))?', done.stderr + done.stdout)
    if found is None:
        return None
    first, second = int(found[1]), int(found[2] or 0)
    return second if first == 1 else first


if __name__ == "__main__":
    try:
        print(find_java(os.environ).home)  # noqa: T201 - what the set-up script asks for
    except ConfigurationError as error:
        sys.exit(f"fraudstream: {error}")
