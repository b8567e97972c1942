"""Looks at the machine and the environment; every finding says what to do."""

import os
import platform
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.markup import escape

from fraudstream.errors import FraudstreamError
from fraudstream.local.compose_findings import examine_compose, stack_servers
from fraudstream.local.findings import Finding, Severity, Way, summary
from fraudstream.local.java import find_java
from fraudstream.local.ports import LOOPBACK

GIB = 2**30
NEEDED_MEMORY = 4 * GIB
"""What the embedded stack may take, resident."""
NEEDED_DISK = 3 * GIB
"""Environment, jars, and an hour of the demo's data."""
_PYTHON_STEP = "use Python 3.11, 3.12 or 3.13: `make setup PYTHON=python3.12`"
CONNECT_TIMEOUT = 3.0
"""Seconds to wait for a server that the environment names."""


def examine(environment: Mapping[str, str] | None = None) -> list[Finding]:
    """Look at everything; never raises."""
    variables = os.environ if environment is None else environment
    return [
        _python(),
        _java(variables),
        _memory(),
        *_disks(),
        _platform(),
        *_servers(variables),
        *examine_compose(variables),
    ]


def print_findings(findings: list[Finding], conclusion: str | None = None) -> int:
    """Print the findings, one line each, and what they come to; returns the exit status, 1 where there is a problem."""
    console = Console(highlight=False, soft_wrap=True)
    styles = {Severity.FINE: "green", Severity.NOTE: "yellow", Severity.PROBLEM: "bold red"}
    width = max((len(finding.subject) for finding in findings), default=0)
    for finding in findings:
        severity = f"[{styles[finding.severity]}]{finding.severity:8}[/]"
        console.print(f"{severity}{escape(f'{finding.subject:{width}} {finding.seen}')}")
        if finding.next_step:
            console.print(escape(f"{'':{8 + width}} -> {finding.next_step}"))
    console.print(f"\n{conclusion or summary(findings)}")
    return 1 if any(finding.severity is Severity.PROBLEM for finding in findings) else 0


def _python() -> Finding:
    seen = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding(Severity.FINE, "Python", seen)
    return Finding(Severity.PROBLEM, "Python", seen, _PYTHON_STEP, (Way.DEMO,))


def _java(environment: Mapping[str, str]) -> Finding:
    try:
        java = find_java(environment)
    except FraudstreamError as error:
        return Finding(Severity.PROBLEM, "Java", str(error), prevents=(Way.DEMO,))
    return Finding(Severity.FINE, "Java", f"{java.version} at {java.executable}")


def _memory() -> Finding:
    available = _available_memory()
    seen = "how much is available is not known" if available is None else f"{available / GIB:.1f} GiB available"
    if available is not None and available >= NEEDED_MEMORY:
        return Finding(Severity.FINE, "memory", seen)
    return Finding(
        Severity.NOTE, "memory", seen, "the whole stack takes up to 4 GiB: close something, or expect swapping"
    )


def _available_memory() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"^MemAvailable:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _disks() -> Iterator[Finding]:
    step = "free 3 GiB there, or set FRAUDSTREAM_HOME or FRAUDSTREAM_CACHE"
    for subject, find in (("disk", Path.cwd), ("cache disk", Path.home)):
        try:
            folder = find()
            free = shutil.disk_usage(folder).free
        except (OSError, RuntimeError) as error:
            yield Finding(Severity.PROBLEM, subject, f"cannot be looked at ({error})", step, (Way.DEMO,))
            continue
        seen = f"{free / GIB:.1f} GiB free at {folder}"
        if free >= NEEDED_DISK:
            yield Finding(Severity.FINE, subject, seen)
        else:
            yield Finding(Severity.PROBLEM, subject, seen, step, (Way.DEMO,))


def _platform() -> Finding:
    seen = f"{platform.system()} {platform.machine()}"
    if platform.system() == "Linux" and platform.machine() in {"x86_64", "aarch64"}:
        return Finding(Severity.FINE, "platform", seen)
    step = "the embedded servers need Linux on x86_64 or arm64; `docker compose up` needs Docker alone"
    return Finding(Severity.PROBLEM, "platform", seen, step, (Way.DEMO,))


def _servers(environment: Mapping[str, str]) -> Iterator[Finding]:
    places: tuple[tuple[str, Callable[[str], tuple[str, int]]], ...] = (
        ("KAFKA_BOOTSTRAP_SERVERS", lambda value: _host_and_port("//" + value.split(",")[0], 9092)),
        ("DATABASE_URL", lambda value: _host_and_port(value, 5432)),
        ("MLFLOW_TRACKING_URI", lambda value: _host_and_port(value, 5000)),
        ("AWS_ENDPOINT_URL", lambda value: _host_and_port(value, 443)),
    )
    ours = stack_servers(environment)
    for variable, place in places:
        value = environment.get(variable)
        if not value:
            continue
        try:
            host, port = place(value)
        except ValueError:
            yield Finding(Severity.PROBLEM, variable, "is no address of a server", f"correct {variable}")
        else:
            yield _reachable(variable, host, port, ours.get(port) if host in {LOOPBACK, "localhost"} else None)


def _host_and_port(url: str, default: int) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or default


def _reachable(variable: str, host: str, port: int, service: str | None) -> Finding:
    """Whether something listens there; `service` is the one of the compose stack whose port it is."""
    if not host:
        return Finding(Severity.NOTE, variable, "names no server", "a file or an in-process store; nothing to reach")
    try:
        socket.create_connection((host, port), CONNECT_TIMEOUT).close()
    except (OSError, ValueError) as error:
        start = f"`make up` starts it, with the stack's `{service}`" if service else "start it"
        step = f"{start}, or correct {variable}; `make demo` starts and sets everything by itself"
        return Finding(Severity.PROBLEM, variable, f"{host}:{port} does not answer: {_cause(error, host)}", step)
    return Finding(Severity.FINE, variable, f"{host}:{port} answers")


def _cause(error: Exception, host: str) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the server is stopped, nothing listens there"
    if isinstance(error, TimeoutError):
        return f"the server is stopped or out of reach, nothing came within {CONNECT_TIMEOUT:.0f} s"
    if isinstance(error, socket.gaierror):
        return f"there is no host {host}"
    return str(error)
