"""A warm process that takes orders as lines of JSON, forks a process for each case, and answers with a line.

`python -m tests.integration.failpoints.runner`; an order names a scenario, an action, a database and a file.
"""

import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import stamina
import structlog
from tests.integration.failpoints import alerting
from tests.integration.failpoints.archiver import ARCHIVER
from tests.integration.failpoints.children import Child
from tests.integration.failpoints.kept import Bench, Kept
from tests.integration.failpoints.labels import LABEL_APPLIER
from tests.integration.failpoints.promotion import PROMOTION
from tests.integration.failpoints.rows import Database
from tests.integration.failpoints.scenario import Scenario
from tests.integration.failpoints.scoring import SCORER

from fraudstream.chaos.failpoints import KILLED, Action, Failpoint, Failpoints, places
from fraudstream.errors import Fenced
from fraudstream.scoring import warm_up

SCENARIOS: Mapping[str, Scenario] = {
    "scorer": SCORER,
    "label applier": LABEL_APPLIER,
    "relay": alerting.RELAY,
    "trigger": alerting.TRIGGER,
    "archiver": ARCHIVER,
    "promotion": PROMOTION,
}
FENCED = "fenced"
LONG_SECONDS = 0.1
"""So long a sleep takes: longer than an invocation of the alert function may."""
Outcome = Mapping[str, Any]


@dataclass
class Watched(Failpoints):
    """Failpoints that know which boundary was reached last, and at which hit."""

    newest: tuple[str, int] = ("", 0)

    def reach(self, boundary: str) -> None:
        self.newest = (boundary, self.hits[boundary] + 1)
        super().reach(boundary)


@dataclass
class Report:
    """What a matrix came to: how often each boundary that was tried is hit; `problems` names each case gone wrong."""

    boundaries: dict[str, int]
    cases: int = 0
    fired: int = 0
    repeats: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Matrix:
    """One scenario on one world, of which the beginning and the undisturbed end are known."""

    scenario: Scenario
    url: str
    file: Path
    database: Database
    kept: bytes
    hits: Mapping[str, int]
    last: tuple[str, int]
    undisturbed: Outcome

    @classmethod
    def prepared(cls, scenario: Scenario, url: str, file: Path) -> "Matrix":
        _came_to(Child.doing(partial(_prepare, scenario, url, file)))
        database = Database.remembered(url)
        kept = file.read_bytes()
        hits, _, _, last = _came_to(Child.doing(partial(_work, scenario, url, file, Watched())))
        undisturbed = _look(scenario, Bench.at(url, file), database)
        return cls(scenario, url, file, database, kept, hits, last, undisturbed)

    def run(self, action: Action) -> Report:
        """Every boundary at its first, middle and last hit."""
        exempt = self.scenario.exempt if action is Action.RAISE else {}
        tried = {boundary: hits for boundary, hits in self.hits.items() if boundary not in exempt}
        begun, report = time.monotonic(), Report(tried)
        for boundary, hit in places(tried):
            report.cases += 1
            point = Failpoint(boundary, hit, action, LONG_SECONDS)
            problems = list(self._problems(point, report))
            report.problems += [f"{boundary}, hit {hit}: {problem}" for problem in problems]
        report.seconds = round(time.monotonic() - begun, 1)
        return report

    def _problems(self, point: Failpoint, report: Report) -> Iterator[str]:
        self.file.write_bytes(self.kept)
        self.database.bring_back()
        first = Child.doing(partial(_work, self.scenario, self.url, self.file, Watched([point])))
        if point.action is Action.STOP:
            if not first.is_stopped():
                yield "it was not stopped"
                return
            report.fired += 1
            yield from self._finish()
            first.go_on()
        status, result = first.result()
        match point.action:
            case Action.STOP if (point.boundary, point.hit) == self.last and status == 0:
                pass  # it had nothing left to do that it could be kept from
            case Action.STOP if result is None or result[1] != FENCED:
                yield f"woken again it was not fenced: it ended with {status}, {result and result[1]}"
            case Action.EXIT if status != KILLED:
                yield f"it did not die there, but ended with {status}"
            case Action.EXIT:
                report.fired += 1
                yield from self._finish()
            case Action.RAISE | Action.SLEEP if status != 0:
                yield f"it ended with {status}"
            case Action.RAISE | Action.SLEEP if point.boundary not in result[2]:
                yield "nothing happened there"
            case Action.RAISE | Action.SLEEP:
                report.fired += 1
        outcome = _look(self.scenario, Bench.at(self.url, self.file), self.database)
        report.repeats += outcome["repeats"]
        yield from _differences(self.undisturbed, outcome)

    def _finish(self) -> Iterator[str]:
        """What a newer process does, to which nothing happens."""
        status, _ = Child.doing(partial(_work, self.scenario, self.url, self.file, Watched())).result()
        if status != 0:
            yield f"the next process ended with {status}"


def _prepare(scenario: Scenario, url: str, file: Path) -> None:
    bench = Bench(url, file, Kept())
    scenario.prepare(bench)
    bench.kept.steps = 0
    bench.save()


def _work(
    scenario: Scenario, url: str, file: Path, points: Watched
) -> tuple[dict[str, int], str, list[str], tuple[str, int]]:
    """Run; returns how often each boundary was hit, how it ended, where a failpoint fired, and the newest boundary."""
    ended = "done"
    try:
        scenario.run(Bench.at(url, file), points)
    except Fenced:
        ended = FENCED
    return dict(points.hits), ended, [point.boundary for point in points.fired], points.newest


def _look(scenario: Scenario, bench: Bench, database: Database) -> Outcome:
    return {**database.rows(), **scenario.facts(bench), "repeats": alerting.repeats(bench)}


def _came_to(child: Child) -> Any:  # noqa: ANN401 - whatever the child did
    status, result = child.result()
    if status != 0:
        raise AssertionError(f"a process that nothing was done to ended with {status}")
    return result


def _differences(expected: Outcome, found: Outcome) -> Iterator[str]:
    for name, value in expected.items():
        if name == "repeats" or value == found[name]:
            continue
        if isinstance(value, list):
            wanted, had = Counter[object](value), Counter[object](found[name])
            lacking, beyond = wanted - had, had - wanted
            examples = f"{next(iter(lacking), None)} and {next(iter(beyond), None)}"
            yield f"{name} lacks {lacking.total()} rows and has {beyond.total()} others, such as {examples[:600]}"
        else:
            yield f"{name}: {str(found[name])[:300]} instead of {str(value)[:300]}"


@cache
def _matrix(scenario: str, url: str, file: Path) -> Matrix:
    return Matrix.prepared(SCENARIOS[scenario], url, file)


def main() -> None:
    """Take orders until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    stamina.set_testing(True, attempts=5)
    warm_up.compile_everything()
    pa.array([0])  # the first one imports pandas, which each child would do again
    for line in sys.stdin:
        order = json.loads(line)
        matrix = _matrix(order["scenario"], order["url"], Path(order["file"]))
        answers.write(json.dumps(asdict(matrix.run(Action(order["action"])))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
