"""Asks Docker what it is and what it runs; only looks."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

TIMEOUT = 10.0
"""Seconds that Docker has for an answer."""
NO_COMMAND = "there is no `docker` on PATH"
COMPLAINT_LENGTH = 200
"""Characters of Docker's own words that are quoted."""


@dataclass(frozen=True)
class Answer:
    """What a command said; `status` is `None` if it could not be run to its end, and `complaint` says why."""

    status: int | None
    output: str = ""
    complaint: str = ""


class Ask(Protocol):
    """Runs `docker` with the given words and returns its answer; never raises."""

    def __call__(self, *words: str) -> Answer: ...  # noqa: D102 - the class says it


@dataclass(frozen=True)
class Engine:
    """What `docker info` knows."""

    version: str = ""
    """Empty if no engine answered; `complaint` says why."""
    memory: int = 0
    """All memory the engine can give to containers, in bytes."""
    compose: str = ""
    """Version of the Compose plugin, empty if there is none."""
    complaint: str = ""


@dataclass(frozen=True)
class Container:
    """One container of a compose project."""

    service: str
    state: str
    health: str = ""
    exit_code: int = 0
    ports: frozenset[int] = frozenset()
    """Published on this machine."""


def docker(environment: Mapping[str, str], directory: Path) -> Ask:
    """A way to ask the `docker` on PATH, in that folder and with that environment."""

    def ask(*words: str) -> Answer:
        executable = shutil.which("docker", path=environment.get("PATH", ""))
        if executable is None:
            return Answer(None, complaint=NO_COMMAND)
        try:
            done = subprocess.run(
                [executable, *words],
                cwd=directory,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(None, complaint=f"no answer within {TIMEOUT:.0f} s")
        except OSError as error:
            return Answer(None, complaint=str(error))
        return Answer(done.returncode, done.stdout, done.stderr)

    return ask


def ask_engine(ask: Ask) -> Engine:
    """The engine and the Compose plugin, in one question."""
    return parse_engine(ask("info", "--format", "{{json .}}"))


def ask_containers(ask: Ask) -> tuple[Container, ...] | None:
    """The containers of the project in the asker's folder, running or not; `None` if Compose cannot tell."""
    answer = ask("compose", "ps", "--all", "--format", "json")
    return parse_containers(answer.output) if answer.status == 0 else None


def ask_volumes(ask: Ask) -> frozenset[str]:
    """Names of all volumes; none if the engine cannot tell."""
    answer = ask("volume", "ls", "--format", "{{.Name}}")
    return frozenset(answer.output.split()) if answer.status == 0 else frozenset()


def parse_engine(answer: Answer) -> Engine:
    """Understand `docker info`, which speaks of its client even where no engine answers, with status 0 or 1."""
    content = next(_objects(answer.output), {})
    version = content.get("ServerVersion")
    errors = content.get("ServerErrors")
    complaints = [*(errors if isinstance(errors, list) else ()), answer.complaint, "the answer is not one of Docker's"]
    return Engine(
        version=str(version or ""),
        memory=_number(content.get("MemTotal")),
        compose=_plugin_version(content.get("ClientInfo"), "compose"),
        complaint="" if version else _first_line(complaints),
    )


def parse_containers(output: str) -> tuple[Container, ...]:
    """Understand `docker compose ps --format json`; what `docker compose run` left behind does not count."""
    return tuple(
        Container(
            service=str(record.get("Service", "")),
            state=str(record.get("State", "")),
            health=str(record.get("Health") or ""),
            exit_code=_number(record.get("ExitCode")),
            ports=frozenset(_published(record)),
        )
        for record in _objects(output)
        if "com.docker.compose.oneoff=True" not in str(record.get("Labels"))
    )


def is_at_least(version: str, wanted: tuple[int, int]) -> bool | None:
    """Whether a version like `26.1.5+dfsg1` or `v2.40.3` is new enough; `None` if it is no number."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) >= wanted if found else None


def _objects(output: str) -> Iterator[dict[str, Any]]:
    """JSON objects, one on each line or, from older Compose, a list of them; other lines are passed over."""
    for line in output.splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue
        yield from (entry for entry in (content if isinstance(content, list) else [content]) if isinstance(entry, dict))


def _plugin_version(client: object, name: str) -> str:
    plugins = client.get("Plugins") if isinstance(client, dict) else None
    for plugin in plugins if isinstance(plugins, list) else ():
        if isinstance(plugin, dict) and plugin.get("Name") == name:
            return str(plugin.get("Version") or "")
    return ""


def _published(record: Mapping[str, Any]) -> Iterator[int]:
    publishers = record.get("Publishers")
    for publisher in publishers if isinstance(publishers, list) else ():
        if isinstance(publisher, dict) and (port := _number(publisher.get("PublishedPort"))):
            yield port


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _first_line(complaints: list[Any]) -> str:
    lines = (line.strip() for complaint in complaints for line in str(complaint).splitlines())
    return next(line for line in lines if line)[:COMPLAINT_LENGTH]
