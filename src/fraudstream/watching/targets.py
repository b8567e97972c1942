"""Where the processes of the running stack tell their figures."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from fraudstream.errors import ConfigurationError
from fraudstream.settings import LocalSettings, WatchSettings

VARIABLE = "METRICS_TARGETS"
ENDPOINTS = "endpoints.env"
"""The file that the embedded stack leaves in its home while it runs."""
NOTHING_RUNS = (
    "nothing to look at: METRICS_TARGETS is not set, and no demo runs in {home}. Start one (`make demo`), set "
    "FRAUDSTREAM_HOME to the home of another, or, for the stack in containers, say `make top`"
)


def running_targets() -> Mapping[str, str]:
    """HOST:PORT by name: as METRICS_TARGETS says, else those of the demo that runs on this machine.

    Raises:
        ConfigurationError: neither is there; the message says what to do.
    """
    given = WatchSettings.load().metrics_targets
    if given:
        return parsed(given)
    home = LocalSettings.load().fraudstream_home
    found = _exported(home / ENDPOINTS).get(VARIABLE)
    if not found:
        raise ConfigurationError(NOTHING_RUNS.format(home=home))
    return parsed(found)


def parsed(text: str) -> Mapping[str, str]:
    """Targets from `NAME=HOST:PORT,NAME=HOST:PORT`, as `rendered` writes them.

    Raises:
        ConfigurationError: it is written otherwise.
    """
    pairs = [pair.strip().partition("=") for pair in text.split(",") if pair.strip()]
    for name, _, address in pairs:
        host, _, port = address.rpartition(":")
        if not (name and host and port.isdecimal()):
            raise ConfigurationError(
                f"METRICS_TARGETS takes NAME=HOST:PORT,NAME=HOST:PORT,…; {name}={address} is not one of these"
            )
    return {name: address for name, _, address in pairs}


def rendered(targets: Mapping[str, str]) -> str:
    """Targets as METRICS_TARGETS holds them."""
    return ",".join(f"{name}={address}" for name, address in targets.items())


def _exported(path: Path) -> dict[str, str]:
    """The variables of a file of `export NAME=value` lines; none where there is no file."""
    if not path.is_file():
        return {}
    words = (shlex.split(line) for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (each[1].partition("=") for each in words if len(each) == 2)  # noqa: PLR2004 - export, and a pair
    return {name: value for name, _, value in pairs}
