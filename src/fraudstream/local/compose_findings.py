"""Looks at what `docker compose up` needs: an engine, free ports, a sound `.env`, a project in good health."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from fraudstream.local.compose_file import FILE_NAME, find_checkout, parse_compose_file
from fraudstream.local.compose_ports import number_findings, port_findings
from fraudstream.local.dotenv import dotenv_findings, parse_dotenv, read_dotenv, value_findings
from fraudstream.local.engine import (
    NO_COMMAND,
    Ask,
    Container,
    Engine,
    ask_containers,
    ask_engine,
    ask_volumes,
    docker,
    is_at_least,
)
from fraudstream.local.findings import Finding, Severity, Way
from fraudstream.settings import variables

GIB = 2**30
NEEDED_ENGINE = (26, 0)
"""The first engine that mounts a part of a volume; by that each service sees its own secrets alone."""
NEEDED_COMPOSE = (2, 26)
"""The first Compose that asks the engine for a part of a volume."""
NEEDED_MEMORY = 6 * GIB
"""What the whole stack may take in containers, in bytes."""
ASKED_TO_STOP = frozenset({130, 143})
"""Exit statuses of a process that ended by SIGINT or SIGTERM."""
KILLED = 137
"""Exit status of a process that was killed: for its memory, or because it took too long to stop."""
INSTALL = "https://docs.docker.com/engine/install"


def examine_compose(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Look at Docker, the compose file and its `.env`, and the project; starts and stops nothing. Never raises."""
    checkout = find_checkout()
    if checkout is None:
        step = f"look from inside a checkout of fraudstream, where {FILE_NAME} is"
        yield Finding(Severity.NOTE, FILE_NAME, "is not here", step, (Way.COMPOSE,))
    else:
        yield from examine_checkout(checkout, environment, docker(environment, checkout))


def stack_servers(environment: Mapping[str, str]) -> Mapping[int, str]:
    """The service of the compose stack behind each port that it publishes when it runs. Never raises."""
    checkout = find_checkout()
    if checkout is None:
        return {}
    compose_file = parse_compose_file(_text(checkout / FILE_NAME))
    given = {**parse_dotenv(_text(checkout / ".env"), compose_file.variables).values, **environment}
    chosen = {variable: given.get(variable) or str(port) for variable, port in compose_file.ports.items()}
    return {int(port): compose_file.servers[name] for name, port in chosen.items() if port.isdecimal()}


def examine_checkout(checkout: Path, environment: Mapping[str, str], ask: Ask) -> Iterator[Finding]:
    """The same for one checkout, with any way to ask Docker."""
    compose_file = parse_compose_file(_text(checkout / FILE_NAME))
    known = compose_file.variables | variables().keys() | _listed(_text(checkout / ".env.example"))
    engine = ask_engine(ask)
    yield from engine_findings(engine)
    try:
        dotenv = read_dotenv(checkout / ".env", known)
    except OSError as error:
        step = "make it a file that you may read, or take it away"
        yield Finding(Severity.PROBLEM, ".env", f"cannot be read ({error.strerror})", step, (Way.COMPOSE,))
        return
    yield from dotenv_findings(dotenv, sorted(known), compose_file.variables or None)
    yield from value_findings(environment, "the environment", (Way.DEMO, Way.COMPOSE))
    if not engine.version:
        return
    containers = ask_containers(ask) if engine.compose else ()
    values, undecided = {**dotenv.values, **environment}, dotenv.undecided - environment.keys()
    if containers is None:
        step = "`docker compose config --quiet` says why"
        unknown = Finding(Severity.PROBLEM, "project", "`docker compose ps` fails", step, (Way.COMPOSE,))
        yield from list(number_findings(compose_file, values, undecided=undecided)) or [unknown]
        return
    own = {port for container in containers for port in container.ports}
    yield from port_findings(compose_file, values, own, undecided=undecided)
    project = values.get("COMPOSE_PROJECT_NAME") or compose_file.project
    yield from project_findings(project, containers)
    yield from volume_findings(project, ask_volumes(ask))


def engine_findings(engine: Engine) -> Iterator[Finding]:
    """Whether the engine and Compose are there, new enough, and have memory for the whole stack."""
    if not engine.version:
        yield _no_engine(engine.complaint)
        return
    yield _version("Docker", engine.version, NEEDED_ENGINE, "volume subpaths need Docker Engine 26")
    if engine.compose:
        yield _version("Compose", engine.compose, NEEDED_COMPOSE, "volume subpaths need Compose 2.26")
    else:
        step = "install the Compose plugin, 2.26 or newer: https://docs.docker.com/compose/install/linux"
        yield Finding(Severity.PROBLEM, "Compose", "Docker has no Compose plugin", step, (Way.COMPOSE,))
    seen = f"{engine.memory / GIB:.1f} GiB for all containers"
    if engine.memory >= NEEDED_MEMORY:
        yield Finding(Severity.FINE, "Docker memory", seen)
    elif engine.memory:
        step = "the whole stack may take 6 GiB there; `make up-lite` starts it in 4 GiB"
        yield Finding(Severity.NOTE, "Docker memory", seen, step)


def project_findings(project: str, containers: Sequence[Container]) -> Iterator[Finding]:
    """Each service of the project that is not well, or one line if all are or there is none."""
    running = {container.service for container in containers if container.state == "running"}
    troubles = {
        (container.service, trouble)
        for container in containers
        if (trouble := _trouble(container, others_run=bool(running)))
    }
    for service, trouble in sorted(troubles):
        step = f"`docker compose logs {service}` says why"
        yield Finding(Severity.PROBLEM, service, trouble, step, (Way.COMPOSE,))
    if troubles:
        return
    starting = sum(container.health == "starting" for container in containers)
    seen = f"{project}, services running: {len(running)}" + (
        f", of which still starting: {starting}" if starting else ""
    )
    if not running:
        seen = f"{project} is stopped" if containers else f"{project} is not there yet"
    yield Finding(Severity.FINE, "project", seen)


def volume_findings(project: str, volumes: Collection[str]) -> Iterator[Finding]:
    """Whether the database and its passwords are of the same age: both are there, or neither."""
    database, secrets = f"{project}_postgres", f"{project}_secrets"
    if (database in volumes) == (secrets in volumes):
        return
    there, missing = (database, secrets) if database in volumes else (secrets, database)
    seen = f"{there} is there without {missing}: database and passwords are not of the same age"
    step = "`make reset` deletes both, with all data; the next start makes them anew"
    yield Finding(Severity.PROBLEM, "volumes", seen, step, (Way.COMPOSE,))


def _no_engine(complaint: str) -> Finding:
    if "permission denied" in complaint.lower():
        step = "`sudo usermod -aG docker $USER` and sign in again, or use rootless Docker"
        seen = f"no right to speak to the engine ({complaint})"
        return Finding(Severity.PROBLEM, "Docker", seen, step, (Way.COMPOSE,))
    step = "start it (`sudo systemctl start docker`, or Docker Desktop), or correct DOCKER_HOST"
    if complaint == NO_COMMAND:
        step = f"install Docker Engine 26 or newer: {INSTALL}"
    seen = f"no engine answers ({complaint})"
    return Finding(Severity.NOTE, "Docker", seen, f"{step}; `make demo` needs none", (Way.COMPOSE,))


def _version(subject: str, version: str, needed: tuple[int, int], why: str) -> Finding:
    enough = is_at_least(version, needed)
    if enough:
        return Finding(Severity.FINE, subject, version)
    if enough is None:
        return Finding(Severity.NOTE, subject, f"{version} is no number of a version", f"make sure it is newer: {why}")
    return Finding(Severity.PROBLEM, subject, version, f"{why}; install a newer one: {INSTALL}", (Way.COMPOSE,))


def _trouble(container: Container, *, others_run: bool) -> str:
    if container.health == "unhealthy":
        return "is unhealthy"
    if container.state in {"restarting", "dead"}:
        return f"is {container.state}"
    if container.state != "exited" or container.exit_code in {0, *ASKED_TO_STOP}:
        return ""
    if container.exit_code != KILLED:
        return f"has failed with exit status {container.exit_code}"
    return "was killed, perhaps for its memory" if others_run else ""


def _listed(example: str) -> set[str]:
    return set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
