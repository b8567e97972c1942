"""Which real servers the tests use: containers where a Docker engine answers, else the embedded ones."""

import contextlib
import socket
from dataclasses import dataclass
from typing import Literal

import pytest

OPTIONS = ("auto", "embedded", "containers")
DEFAULT_HOST = "unix:///var/run/docker.sock"
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


def docker_problem(host: str | None = None) -> str | None:
    """Why no Docker engine can be used, or `None` if one answers.

    Args:
        host: where it is, as DOCKER_HOST says it; its usual Unix socket if `None`.
    """
    address = host or DEFAULT_HOST
    if not address.startswith("unix://"):
        return _sdk_problem(address)
    path = address.removeprefix("unix://")
    try:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as connection:
            connection.settimeout(PING_TIMEOUT)
            connection.connect(path)
            connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            answer = connection.recv(64)
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    return None if b" 200 " in answer else f"{path} answered {answer[:32]!r}"


def _sdk_problem(address: str) -> str | None:
    import docker  # noqa: PLC0415 - takes half a second, which every run of the tests would pay

    try:
        with contextlib.closing(docker.DockerClient(address, timeout=PING_TIMEOUT)) as client:
            client.ping()
    except (docker.errors.DockerException, OSError) as error:
        return f"{address}: {error}"
    return None
