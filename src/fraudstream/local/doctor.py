"""Looks at the machine and the environment; every finding says what to do."""

import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from fraudstream.errors import FraudstreamError
from fraudstream.local.java import find_java

GIB = 2**30
NEEDED_MEMORY = 4 * GIB
"""What the embedded stack may take, resident."""
NEEDED_DISK = 3 * GIB
"""Environment, jars, and an hour of the demo's data."""
CONNECT_TIMEOUT = 3.0
"""Seconds to wait for a server that the environment names."""


class Severity(StrEnum):
    """How much a finding matters."""

    FINE = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was seen, and the next step where there is one."""

    severity: Severity
    subject: str
    seen: str
    next_step: str = ""


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
    ]


def print_findings(findings: list[Finding]) -> int:
    """Print the findings, one line each; returns the exit status, 1 where there is a problem."""
    console = Console(highlight=False)
    styles = {Severity.FINE: "green", Severity.NOTE: "yellow", Severity.PROBLEM: "bold red"}
    for finding in findings:
        console.print(f"[{styles[finding.severity]}]{finding.severity:8}[/]{finding.subject:12} {finding.seen}")
        if finding.next_step:
            console.print(f"{'':20} -> {finding.next_step}")
    problems = sum(finding.severity is Severity.PROBLEM for finding in findings)
    console.print("\nready for `make demo`" if not problems else f"\n{problems} to mend before `make demo` can work")
    return 1 if problems else 0


def _python() -> Finding:
    seen = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding(Severity.FINE, "Python", seen)
    return Finding(Severity.PROBLEM, "Python", seen, "use Python 3.11, 3.12 or 3.13: `make setup PYTHON=python3.12`")


def _java(environment: Mapping[str, str]) -> Finding:
    try:
        java = find_java(environment)
    except FraudstreamError as error:
        return Finding(Severity.PROBLEM, "Java", str(error))
    return Finding(Severity.FINE, "Java", f"{java.version} at {java.executable}")


def _memory() -> Finding:
    available = _available_memory()
    seen = f"{available / GIB:.1f} GiB available"
    if available >= NEEDED_MEMORY:
        return Finding(Severity.FINE, "memory", seen)
    return Finding(
        Severity.NOTE, "memory", seen, "the whole stack takes up to 4 GiB: close something, or expect swapping"
    )


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _disks() -> Iterator[Finding]:
    for subject, folder in (("disk", Path.cwd()), ("cache disk", Path.home())):
        free = shutil.disk_usage(folder).free
        seen = f"{free / GIB:.1f} GiB free at {folder}"
        if free >= NEEDED_DISK:
            yield Finding(Severity.FINE, subject, seen)
        else:
            yield Finding(
                Severity.PROBLEM, subject, seen, "free 3 GiB there, or set FRAUDSTREAM_HOME or FRAUDSTREAM_CACHE"
            )


def _platform() -> Finding:
    seen = f"{platform.system()} {platform.machine()}"
    if platform.system() == "Linux" and platform.machine() in {"x86_64", "aarch64"}:
        return Finding(Severity.FINE, "platform", seen)
    return Finding(Severity.PROBLEM, "platform", seen, "the embedded servers need Linux on x86_64 or arm64")


def _servers(environment: Mapping[str, str]) -> Iterator[Finding]:
    places: tuple[tuple[str, Callable[[str], tuple[str, int]]], ...] = (
        ("KAFKA_BOOTSTRAP_SERVERS", lambda value: _host_and_port("//" + value.split(",")[0], 9092)),
        ("DATABASE_URL", lambda value: _host_and_port(value, 5432)),
        ("MLFLOW_TRACKING_URI", lambda value: _host_and_port(value, 5000)),
        ("AWS_ENDPOINT_URL", lambda value: _host_and_port(value, 443)),
    )
    for variable, place in places:
        value = environment.get(variable)
        if value:
            yield _reachable(variable, *place(value))


def _host_and_port(url: str, default: int) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or default


def _reachable(variable: str, host: str, port: int) -> Finding:
    if not host:
        return Finding(Severity.NOTE, variable, "names no server", "a file or an in-process store; nothing to reach")
    try:
        socket.create_connection((host, port), CONNECT_TIMEOUT).close()
    except OSError as error:
        step = f"start what listens there, or correct {variable}; `make demo` starts and sets everything by itself"
        return Finding(Severity.PROBLEM, variable, f"{host}:{port} does not answer ({error})", step)
    return Finding(Severity.FINE, variable, f"{host}:{port} answers")
