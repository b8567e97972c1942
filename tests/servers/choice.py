"""Which real servers the tests use: containers where a Docker engine answers, else the embedded ones."""

from dataclasses import dataclass
from typing import Literal

import docker
import pytest

OPTIONS = ("auto", "embedded", "containers")
PING_TIMEOUT = 10
"""Seconds that the Docker engine may take to answer."""


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why."""

    kind: Literal["embedded", "containers"]
    reason: str


def choose(asked: str, *, docker_problem: str | None, docker_required: bool) -> Choice:
    """Decide between embedded servers and containers; `docker_problem` is `None` where the engine answers."""
    if asked == "embedded":
        return Choice("embedded", "--services=embedded")
    if docker_problem is None:
        return Choice("containers", "the Docker engine answers")
    if asked == "containers" or docker_required:
        why = "--services=containers" if asked == "containers" else "FRAUDSTREAM_REQUIRE_DOCKER=1"
        raise pytest.UsageError(f"{why}, but no Docker engine answers: {docker_problem}")
    return Choice("embedded", f"no Docker engine answers ({docker_problem})")


def docker_problem() -> str | None:
    """Why no Docker engine can be used, or `None` if one answers."""
    try:
        client = docker.from_env(timeout=PING_TIMEOUT)
        try:
            client.ping()
        finally:
            client.close()
    except (docker.errors.DockerException, OSError) as error:
        return str(error).split(":", maxsplit=1)[0]
    return None
