"""The shipped docker-compose.yml under a project name and on ports of its own, whatever else runs on this machine."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from testcontainers.compose import DockerCompose

from fraudstream.local.ports import reserve

ROOT = Path(__file__).parents[2]
PORTS = (
    "KAFKA_PORT",
    "POSTGRES_PORT",
    "MLFLOW_PORT",
    "LOCALSTACK_PORT",
    "SPARK_UI_PORT",
    "ANALYST_PORT",
    "SCORING_API_PORT",
    "DASHBOARD_PORT",
)
STEP_TIMEOUT = 900.0
"""Seconds that one command of docker compose may take."""
FOREIGN = (
    "COMPOSE_",
    "KAFKA_",
    "POSTGRES_",
    "DATABASE_",
    "MLFLOW_",
    "AWS_",
    "SPARK_",
    "PG",
    "ANALYST_",
    "ARCHIVE_",
    "RETRAIN",
)
"""Beginnings of variables that would be taken before the test's own."""


@dataclass
class ComposeStack:
    """One project; a context manager that builds, starts, and in the end removes everything, images and data too.

    Args:
        project: name of the project.
        folder: where its file of variables is written.
        settings: variables besides project and ports.
    """

    project: str
    folder: Path
    settings: dict[str, str]
    load_before: float = field(default_factory=lambda: os.getloadavg()[0], init=False)
    """How much this machine had to do besides, over the minute before the start."""

    def __enter__(self) -> Self:
        ports = reserve(self.folder, PORTS)
        self.settings |= {"COMPOSE_PROJECT_NAME": self.project} | {name: str(port) for name, port in ports.items()}
        lines = (f"{name}={value}\n" for name, value in self.settings.items())
        self.env_file.write_text("".join(lines), encoding="utf-8")
        for name in [name for name in os.environ if name.startswith(FOREIGN)]:
            del os.environ[name]
        try:
            self._compose.start()
        except subprocess.CalledProcessError as error:
            logs = self.run("logs", "--tail", "30", check=False)
            self.__exit__()
            raise AssertionError(f"docker compose up failed:\n{error.stderr}\n{logs}") from error
        return self

    def __exit__(self, *_: object) -> None:
        images = self.run("config", "--images").split()
        self._compose.stop()
        ours = sorted({image for image in images if image.startswith(f"{self.project}-")})
        subprocess.run(["docker", "image", "rm", *ours], capture_output=True, timeout=STEP_TIMEOUT, check=False)

    @property
    def env_file(self) -> Path:
        """What docker compose reads instead of a developer's `.env`."""
        return self.folder / "compose.env"

    @cached_property
    def _compose(self) -> DockerCompose:
        return DockerCompose(str(ROOT), env_file=str(self.env_file), build=True, wait=False)

    def port(self, name: str) -> int:
        """The port on this machine that a variable such as `KAFKA_PORT` moved a service to."""
        return int(self.settings[name])

    def run(self, *arguments: str, check: bool = True) -> str:
        """Run `docker compose` with these arguments in this project; returns standard output.

        Raises:
            AssertionError: it failed, or took longer than `STEP_TIMEOUT`.
        """
        try:
            done = self._ask(*arguments)
        except subprocess.TimeoutExpired as error:
            stands = self._ask("ps", "--all", "--format", "{{.Service}}: {{.Status}}").stdout
            raise AssertionError(f"{' '.join(arguments)} took longer than {STEP_TIMEOUT:.0f} s:\n{stands}") from error
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def _ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self._compose.compose_command_property, *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=STEP_TIMEOUT, check=False)

    def up(self, *arguments: str) -> None:
        """Start what is not running, and return when all of it is healthy and `ready` has begun, as `make up` does."""
        self.run("up", "--detach", *arguments)

    def revive(self, *services: str) -> None:
        """Start these services alone, and wait until they are healthy."""
        self.run("up", "--detach", "--wait", "--no-deps", *services)

    def balance(self) -> dict[str, Any]:
        """What `make verify` finds, whether it holds or not."""
        printed = self.run("run", "--rm", "--no-deps", "verify", "verify", "--json", "--wait", "120", check=False)
        balance: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
        return balance
