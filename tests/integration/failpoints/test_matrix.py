"""Every step of a process, interrupted at its first, middle and last hit: what is left is as if nothing had been.

The boundaries are found by a run without failpoints, so a step that is added is interrupted, too. What is interrupted
lies beside Spark, which has a test of its own.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
from tests.servers.databases import Databases

pytestmark = pytest.mark.integration

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


@pytest.fixture(scope="module")
def runner(databases: Databases, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
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
            lambda: open_.enter_context(databases.temporary(template=migrated_template)),
            tmp_path_factory.mktemp("failpoints"),
        )
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


CASES = [
    ("scorer", "exit"),
    ("scorer", "raise"),
    ("scorer", "sleep"),
    ("scorer", "stop"),
    ("label applier", "exit"),
    ("label applier", "raise"),
    ("label applier", "sleep"),
    ("relay", "exit"),
    ("relay", "raise"),
    ("relay", "sleep"),
    ("archiver", "exit"),
    ("archiver", "raise"),
    ("archiver", "sleep"),
    ("trigger", "exit"),
    ("trigger", "raise"),
    ("trigger", "sleep"),
    ("promotion", "exit"),
    ("promotion", "raise"),
    ("promotion", "sleep"),
]


@pytest.mark.parametrize(("scenario", "action"), CASES)
def test_whatever_is_interrupted_ends_as_if_it_had_not_been(runner: Runner, scenario: str, action: str) -> None:
    holds(runner.run(scenario, action), scenario, action)


def holds(report: dict[str, Any], scenario: str, action: str) -> None:
    print(f"{scenario}, {action}:", *(f"{name} {report[name]}" for name in ("cases", "fired", "repeats", "seconds")))  # noqa: T201
    assert report["problems"] == [], "\n".join(report["problems"])
    assert report["fired"] == report["cases"] >= len(report["boundaries"]) > 0
