"""Looks at the machine and the environment; every finding says what to do."""

import os
import platform
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from fraudstream.errors import FraudstreamError
from fraudstream.local.compose_findings import examine_compose
from fraudstream.local.findings import Finding, Severity, Way, summary
from fraudstream.local.home_findings import home_findings
from fraudstream.local.java import find_java
from fraudstream.local.server_findings import content_findings, server_findings

GIB = 2**30
NEEDED_MEMORY = 4 * GIB
"""What the embedded stack may take, resident."""
DAY = 86_400.0
_PYTHON_STEP = "use Python 3.11, 3.12 or 3.13: `make setup PYTHON=python3.12`"


def examine(environment: Mapping[str, str] | None = None) -> list[Finding]:
    """Look at everything; never raises. What servers hold is looked at in this process's own environment alone."""
    variables = os.environ if environment is None else environment
    servers = list(server_findings(variables))
    answering = frozenset(found.subject for found in servers if found.severity is Severity.FINE)
    return [
        _python(),
        _java(variables),
        _memory(),
        _platform(),
        _clock(),
        *home_findings(variables),
        *servers,
        *(content_findings(answering) if environment is None else ()),
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


def _clock() -> Finding:
    now, built = time.time(), Path(__file__).stat().st_mtime
    seen = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now >= built - DAY:
        return Finding(Severity.FINE, "time", seen)
    step = "set the clock (`sudo timedatectl set-ntp true`): payments of today would be refused as the future's"
    seen += " is before this program was installed"
    return Finding(Severity.PROBLEM, "time", seen, step, (Way.DEMO, Way.COMPOSE))


def _platform() -> Finding:
    seen = f"{platform.system()} {platform.machine()}"
    if platform.system() == "Linux" and platform.machine() in {"x86_64", "aarch64"}:
        return Finding(Severity.FINE, "platform", seen)
    step = "the embedded servers need Linux on x86_64 or arm64; `docker compose up` needs Docker alone"
    return Finding(Severity.PROBLEM, "platform", seen, step, (Way.DEMO,))
