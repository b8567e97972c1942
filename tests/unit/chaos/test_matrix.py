"""A matrix holds every boundary at its first, middle and last hit, and holds only if all of them fired."""

import dataclasses
import io
import json
import subprocess
import sys

import pytest
from rich.console import Console
from tests.unit.verify.test_sheet import HEALTHY

from fraudstream.adapters.database.vitals import Order
from fraudstream.chaos.cases import ROUND, UNDOING, Case, cases
from fraudstream.chaos.failpoints import Action
from fraudstream.chaos.matrix_report import Grid, show
from fraudstream.scoring.session import STEADY

WRITE = "before slices.open.write"
READ = "after slices.open.artefact"
PLANNED = cases({WRITE: ROUND + 2, READ: 1, UNDOING: 1})


def a_grid() -> Grid:
    recovered = {case: 0.5 + number for number, case in enumerate(PLANNED)}
    return Grid(planned=PLANNED, recovered=recovered, balance=HEALTHY, seconds=61.23)


def test_what_every_slice_hits_is_interrupted_first_in_the_middle_and_last() -> None:
    found = [(case.hit, case.action) for case in PLANNED if case.boundary == WRITE]

    assert found == [(hit, action) for action in (Action.EXIT, Action.RAISE) for hit in (1, 3, ROUND)]
    assert all(len(case.points) == 1 for case in PLANNED if case.boundary == WRITE)


@pytest.mark.parametrize(("boundary", "before"), [(READ, Action.EXIT), (UNDOING, Action.RAISE)])
def test_what_is_hit_after_another_fault_alone_gets_one(boundary: str, before: Action) -> None:
    found = [case for case in PLANNED if case.boundary == boundary]

    assert [case.action for case in found] == [Action.EXIT, Action.RAISE]
    assert all(case.points[0].action is before and case.points[-1].boundary == boundary for case in found)


def test_the_line_counts_cases_and_what_came_of_them() -> None:
    said = json.loads(a_grid().to_json())

    assert (said["boundaries"], said["cases"], said["fired"], said["not_fired"]) == (3, 10, 10, [])
    assert (said["lost"], said["mismatched"], said["misordered"], said["holds"]) == (0, 0, 0, True)


@pytest.mark.parametrize(
    "change",
    [
        {"recovered": {}},
        {"recovered": dict.fromkeys(PLANNED[1:], 1.0)},
        {"planned": [], "recovered": {}},
        {"balance": None},
        {"balance": dataclasses.replace(HEALTHY, lost=1)},
        {"order": Order(misordered=1, alerts_doubled=0)},
        {"problems": ["scorer died, where a worker alone had to"]},
    ],
)
def test_it_does_not_hold_where_something_is_wrong_or_did_not_fire(change: dict[str, object]) -> None:
    assert a_grid().holds
    wrong = dataclasses.replace(a_grid(), **change)  # type: ignore[arg-type]

    assert not wrong.holds
    assert len(json.loads(wrong.to_json())["problems"]) == 1


def test_the_table_names_what_did_not_fire() -> None:
    grid, out = a_grid(), io.StringIO()
    del grid.recovered[Case(WRITE, 3, Action.RAISE)]
    show(grid, Console(file=out, width=150))

    (row,) = (line for line in out.getvalue().splitlines() if WRITE in line)
    assert " ".join(row.split()) == f"{WRITE} 1: 0.5 3: 1.5 5: 2.5 1: 3.5 3: not fired 5: 5.5"


def test_production_never_loads_a_failpoint() -> None:
    program = (
        "import sys, fraudstream.cli, fraudstream.scoring.main, fraudstream.scoring.worker_daemon;"
        "print(*sorted(name for name in sys.modules if name.startswith('fraudstream.chaos')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == ["fraudstream.chaos", "fraudstream.chaos.commands"]
    assert STEADY["spark.python.daemon.module"] == "fraudstream.scoring.worker_daemon"
