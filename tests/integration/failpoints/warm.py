"""A warm process that interrupts: it has loaded and compiled everything, and each scenario has its own database."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.servers.databases import Databases

ROOT = Path(__file__).parents[3]


@dataclass
class Runner:
    """The warm process; each scenario has a database of its own."""

    orders: IO[str]
    answers: IO[str]
    place: Callable[[], str]
    folder: Path
    _urls: dict[str, str] = field(default_factory=dict)

    def run(self, scenario: str, action: str) -> dict[str, Any]:
        url = self._urls.get(scenario) or self._urls.setdefault(scenario, self.place())
        order = {"scenario": scenario, "action": action, "url": url, "file": str(self.folder / scenario)}
        self.orders.write(json.dumps(order) + "\n")
        self.orders.flush()
        line = self.answers.readline()
        assert line, "the runner died; what it said stands above"
        report: dict[str, Any] = json.loads(line)
        return report


def holds(report: dict[str, Any], scenario: str, action: str) -> None:
    """Everything fired, and what is left is as if nothing had been."""
    print(f"{scenario}, {action}:", *(f"{name} {report[name]}" for name in ("cases", "fired", "repeats", "seconds")))  # noqa: T201
    assert report["problems"] == [], "\n".join(report["problems"])
    assert report["fired"] == report["cases"] >= len(report["boundaries"]) > 0


@contextmanager
def warm_runner(databases: Databases, template: str, folder: Path) -> Iterator[Runner]:
    """The process, until it is not needed any more."""
    with ExitStack() as open_:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.failpoints.runner"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin
        assert process.stdout
        yield Runner(
            process.stdin,
            process.stdout,
            lambda: open_.enter_context(databases.temporary(template=template)),
            folder,
        )
        process.stdin.close()
        process.wait(60)
        process.stdout.close()
