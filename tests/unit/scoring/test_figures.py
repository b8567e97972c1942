"""The driver tells what it knows: where scoring stands, how far behind it is, whether it stands still."""

from typing import Any

import pytest

from fraudstream.clock import ManualClock
from fraudstream.metrics import catalogue
from fraudstream.metrics.board import Board
from fraudstream.scoring.figures import ScorerFigures


def progress(batch: int, **ends: int) -> dict[str, Any]:
    latest = {"payments": {name.removeprefix("p"): end for name, end in ends.items()}}
    return {
        "batchId": batch,
        "durationMs": {"triggerExecution": 250},
        "sources": [{"latestOffset": str(latest)}],
    }


@pytest.fixture
def figures() -> ScorerFigures:
    made = ScorerFigures(Board("scorer"), ManualClock())
    made.begin(7, {0: 100, 1: 0})
    return made


def test_records_count_from_where_the_run_began(figures: ScorerFigures) -> None:
    figures.show({0: 130, 1: 5}, None)
    figures.show({0: 130, 1: 6, 2: 4}, None)

    assert figures.board.value(catalogue.SCORER_RECORDS) == 40
    assert figures.board.value(catalogue.SCORER_EPOCH) == 7


def test_the_moment_of_the_last_commit_stays_while_positions_stand_still(figures: ScorerFigures) -> None:
    began = figures.clock.now()
    figures.clock.sleep(60)
    figures.show({0: 100, 1: 0}, None)
    assert figures.board.value(catalogue.SCORER_MOVED_AT) == began

    figures.show({0: 101, 1: 0}, None)
    assert figures.board.value(catalogue.SCORER_MOVED_AT) == began + 60


def test_what_is_behind_is_counted_from_the_ends_that_spark_saw(figures: ScorerFigures) -> None:
    figures.show({0: 130, 1: 5}, progress(3, p0=150, p1=5))
    assert figures.board.value(catalogue.SCORER_BEHIND) == 20
    assert figures.board.value(catalogue.SCORER_TRIGGERS) == 4
    assert figures.board.value(catalogue.SCORER_TRIGGER) == 0.25

    figures.show({0: 160, 1: 9}, progress(5, p0=150, p1=5))
    assert figures.board.value(catalogue.SCORER_BEHIND) == 0
    assert figures.board.value(catalogue.SCORER_TRIGGERS) == 6


def test_before_the_first_trigger_nothing_is_said_about_it(figures: ScorerFigures) -> None:
    figures.show({0: 100, 1: 0}, {"batchId": 0, "numInputRows": 0})

    assert figures.board.value(catalogue.SCORER_BEHIND) is None
    assert figures.board.value(catalogue.SCORER_TRIGGER) is None


@pytest.mark.parametrize("told", ["None", "", "{payments", "7", '{"payments": 3}'])
def test_what_cannot_be_read_is_not_shown(figures: ScorerFigures, told: str) -> None:
    figures.show({0: 100, 1: 0}, {"batchId": 0, "sources": [{"latestOffset": told}]})

    assert figures.board.value(catalogue.SCORER_BEHIND) is None


def test_standing_still_is_counted_and_goes_away(figures: ScorerFigures) -> None:
    figures.standing_still(problem=True)
    assert figures.board.value(catalogue.SCORER_STANDS_STILL) == 1
    figures.standing_still(problem=False)

    assert figures.board.value(catalogue.SCORER_STANDS_STILL) == 0
    assert figures.board.value(catalogue.FAILURES) == 1
