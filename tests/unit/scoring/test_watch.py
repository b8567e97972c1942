"""A running stream is looked after: readiness, the right to score, failures and a stop."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog

from fraudstream.adapters.database.scorer_runs import Run
from fraudstream.clock import ManualClock
from fraudstream.errors import Fenced, FraudstreamError, TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import SCORER_RECORDS, SCORER_STANDS_STILL
from fraudstream.scoring.watch import (
    FINISH_POLL_SECONDS,
    FINISH_SECONDS,
    PATIENCE_SECONDS,
    POLL_SECONDS,
    SLOW_SECONDS,
    STUCK_SECONDS,
    WORKERLESS_SECONDS,
    Watch,
    wait_for_model,
    wait_for_the_database,
)


@dataclass
class FakeQuery:
    """A stream that fails when it is told to."""

    message: str = "Getting offsets from KafkaV2[Subscribe[payments]]"
    lastProgress: dict[str, Any] | None = None  # noqa: N815 - Spark's name
    failure: Exception | None = None
    java_is_gone: bool = False
    is_stopped: bool = False
    triggers_left: int = 0

    @property
    def isActive(self) -> bool:  # noqa: N802 - Spark's name
        if self.java_is_gone:
            raise ConnectionRefusedError("Java")
        return self.failure is None

    @property
    def status(self) -> dict[str, Any]:
        self.triggers_left -= 1
        return {"message": self.message, "isTriggerActive": self.triggers_left >= 0}

    def exception(self) -> Exception | None:
        return self.failure

    def stop(self) -> None:
        self.is_stopped = True
        if self.java_is_gone:
            raise ConnectionRefusedError("Java")


@dataclass
class FakeRuns:
    """The right to score, which may get lost."""

    ready: list[int] = field(default_factory=list)
    problem: Exception | None = None
    checks: int = 0
    months: int = 0
    probes: int = 0
    refusal: Exception | None = None
    deployed_after: int = 0

    def check(self) -> None:
        self.checks += 1
        if self.problem is not None:
            raise self.problem

    def positions(self) -> dict[int, int]:
        return {0: 30}

    def probe(self) -> None:
        self.probes += 1
        if self.refusal is not None:
            raise self.refusal

    def mark_ready(self, run: Run) -> None:
        self.ready.append(run.epoch)

    def make_months(self, around: float) -> None:
        assert around > 1e9
        self.months += 1

    def has_deployment(self) -> bool:
        self.deployed_after -= 1
        return self.deployed_after < 0


class Turns(threading.Event):
    """A stop after some turns of the loop; each turn moves the clock and does something."""

    def __init__(self, clock: ManualClock, turns: int, act: Callable[[int], None] = lambda _: None) -> None:
        super().__init__()
        self.clock, self.turns, self.act, self.taken = clock, turns, act, 0

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.sleep(timeout or 0.0)
        self.taken += 1
        self.act(self.taken)
        if self.taken >= self.turns:
            self.set()
        return self.is_set()


class SlowClock(ManualClock):
    """Each look at it takes an hour."""

    def monotonic(self) -> float:
        self.time += 3_600
        return self.time


def watch(query: FakeQuery, runs: FakeRuns, turns: int = 50, act: Callable[[int], None] = lambda _: None) -> Watch:
    clock, warm = ManualClock(), Future[None]()
    warm.set_result(None)
    return Watch(query, runs, Run(4, {}), clock, Turns(clock, turns, act), warm)


def test_a_stop_ends_the_stream() -> None:
    query, runs = FakeQuery(), FakeRuns()
    watch(query, runs).until_stopped(None)

    assert query.is_stopped
    assert runs.ready == []


def test_a_stop_lets_the_trigger_at_work_finish_within_bounds() -> None:
    query = FakeQuery(lastProgress={"numInputRows": 0, "batchId": 0}, triggers_left=1 + 20)
    watched = watch(query, FakeRuns(), turns=1)
    before = watched.clock.monotonic()
    watched.until_stopped(None)
    query.triggers_left = 10**9
    watch(query, FakeRuns(), turns=1).until_stopped(None)

    assert watched.clock.monotonic() - before == pytest.approx(POLL_SECONDS + 20 * FINISH_POLL_SECONDS, abs=1e-3)
    assert 10**9 - query.triggers_left == pytest.approx(FINISH_SECONDS / FINISH_POLL_SECONDS, abs=3)


def test_an_idle_stream_is_ready_once() -> None:
    query, runs = FakeQuery(message="Waiting for data to arrive"), FakeRuns()
    watch(query, runs).until_stopped(None)

    assert runs.ready == [4]


def test_a_stream_is_ready_after_its_first_trigger() -> None:
    query, runs = FakeQuery(lastProgress={"numInputRows": 0, "batchId": 0}), FakeRuns()
    watch(query, runs).until_stopped(None)

    assert runs.ready == [4]


def test_a_stream_is_not_ready_before_its_workers_are() -> None:
    query, runs = FakeQuery(message="Waiting for data to arrive"), FakeRuns()
    watched = watch(query, runs)
    watched.warm = Future()
    watched.until_stopped(None)

    assert runs.ready == []


def test_workers_that_can_not_start_end_the_stream() -> None:
    watched = watch(FakeQuery(), FakeRuns())
    watched.warm = Future()
    watched.warm.set_exception(RuntimeError("Caused by: java.io.IOException: no such python"))

    with pytest.raises(FraudstreamError, match="no such python"):
        watched.until_stopped(None)


def test_it_ends_after_the_seconds_asked_for() -> None:
    query, runs = FakeQuery(), FakeRuns()
    watched = watch(query, runs, turns=10_000)
    watched.until_stopped(3.0)

    assert not watched.stopped.is_set()
    assert query.is_stopped
    assert runs.checks == 2


def test_a_failed_stream_ends_with_its_reason() -> None:
    query = FakeQuery(failure=RuntimeError("fraudstream.errors.Fenced: belongs to a newer run"))

    with pytest.raises(Fenced, match="newer run"):
        watch(query, FakeRuns()).until_stopped(None)


def test_a_lost_right_ends_the_stream() -> None:
    query, runs = FakeQuery(), FakeRuns(problem=Fenced("another scorer took over"))

    with pytest.raises(Fenced, match="took over"):
        watch(query, runs).until_stopped(None)
    assert query.is_stopped


def test_a_database_that_comes_back_is_waited_for() -> None:
    runs = FakeRuns(problem=TemporarilyUnavailable("no answer"))

    def come_back(turn: int) -> None:
        runs.problem = None if turn == 100 else runs.problem

    watch(FakeQuery(), runs, turns=200, act=come_back).until_stopped(None)


def test_a_database_that_stays_away_ends_the_stream() -> None:
    runs = FakeRuns(problem=TemporarilyUnavailable("no answer"))
    watched = watch(FakeQuery(), runs, turns=10_000)

    with pytest.raises(TemporarilyUnavailable, match="no answer"):
        watched.until_stopped(None)
    assert watched.clock.monotonic() - ManualClock().time == pytest.approx(PATIENCE_SECONDS, abs=5)


def beats(query: FakeQuery, runs: FakeRuns, path: Path, turns: int) -> bool:
    watched = watch(query, runs, turns=turns)
    watched.heartbeat = Heartbeat(path, watched.clock)
    path.unlink(missing_ok=True)
    watched.until_stopped(turns * POLL_SECONDS * 0.9)
    return path.exists()


def test_the_heart_beats_once_the_stream_is_ready(tmp_path: Path) -> None:
    idle = FakeQuery(message="Waiting for data to arrive")

    assert beats(idle, FakeRuns(), tmp_path / "healthy", turns=2)
    assert not beats(FakeQuery(), FakeRuns(), tmp_path / "healthy", turns=2)


def test_a_stream_that_hangs_in_one_trigger_has_no_heartbeat(tmp_path: Path) -> None:
    path, turns = tmp_path / "healthy", round(2 * STUCK_SECONDS / POLL_SECONDS)
    query = FakeQuery(lastProgress={"numInputRows": 0, "batchId": 5}, triggers_left=10**9)
    watched = watch(query, FakeRuns(), turns=turns, act=lambda turn: path.unlink() if turn == turns - 100 else None)
    watched.heartbeat = Heartbeat(path, watched.clock)
    watched.until_stopped(None)

    assert not path.exists()


def told(watched: Watch) -> list[str]:
    """What is logged at warning or of movement, in order."""
    with structlog.testing.capture_logs() as logs:
        watched.until_stopped(None)
    return [str(line.get("problem", line["event"])) for line in logs if line["event"].startswith("positions")]


def test_a_database_that_refuses_slices_is_told_of_once_and_once_that_it_is_over() -> None:
    turns = round(2 * STUCK_SECONDS / POLL_SECONDS)
    query = FakeQuery(lastProgress={"numInputRows": 0, "batchId": 5}, triggers_left=turns // 2)
    runs = FakeRuns(refusal=TemporarilyUnavailable("no space left"))

    assert told(watch(query, runs, turns=turns)) == ["no space left", "positions move again"]
    assert runs.probes == pytest.approx(STUCK_SECONDS / SLOW_SECONDS, abs=1)


def test_triggers_that_hang_for_another_reason_are_told_of() -> None:
    turns = round(2 * STUCK_SECONDS / POLL_SECONDS)
    query = FakeQuery(lastProgress={"numInputRows": 0, "batchId": 5}, triggers_left=10**9)
    (line,) = told(watch(query, FakeRuns(), turns=turns))

    assert line.startswith("no trigger has ended for 60 s, and the database takes writes")


def test_a_quick_stream_asks_for_no_reason() -> None:
    query = FakeQuery(message="Waiting for data to arrive", triggers_left=round(SLOW_SECONDS / POLL_SECONDS) - 1)
    runs = FakeRuns()

    assert told(watch(query, runs, turns=300)) == []
    assert runs.probes == 0


def test_the_board_shows_where_scoring_stands_and_whether_it_stands_still() -> None:
    runs = FakeRuns(problem=TemporarilyUnavailable("no answer"))
    away = watch(FakeQuery(), runs)
    away.until_stopped(None)
    there = watch(FakeQuery(), FakeRuns())
    there.until_stopped(None)

    assert away.board.value(SCORER_STANDS_STILL) == 1
    assert there.board.value(SCORER_STANDS_STILL) == 0
    assert there.board.value(SCORER_RECORDS) == 30


def test_a_database_that_is_away_is_told_of_once_and_once_that_it_is_back() -> None:
    runs = FakeRuns(problem=TemporarilyUnavailable("no answer"))

    def come_back(turn: int) -> None:
        runs.problem = None if turn == 100 else runs.problem

    assert told(watch(FakeQuery(), runs, turns=200, act=come_back)) == ["no answer", "positions move again"]


def test_a_database_that_takes_no_writes_is_waited_for_before_a_run_begins() -> None:
    runs = FakeRuns(problem=TemporarilyUnavailable("it is read-only"))

    def come_back(turn: int) -> None:
        runs.problem = None if turn == 5 else runs.problem

    board = Board("scorer")
    with structlog.testing.capture_logs() as logs:
        assert wait_for_the_database(runs, Turns(ManualClock(), 50, come_back), board)
    runs.problem = TemporarilyUnavailable("it is read-only")
    assert not wait_for_the_database(runs, Turns(ManualClock(), 5), board)
    assert [line["event"] for line in logs] == ["waiting for the database", "the database takes writes again"]
    assert board.value(SCORER_STANDS_STILL) == 1


def test_a_cluster_that_stays_without_workers_ends_the_stream() -> None:
    watched = watch(FakeQuery(message="Waiting for data to arrive"), FakeRuns(), turns=10_000)
    watched.has_executors = lambda: False
    before = watched.clock.monotonic()

    with pytest.raises(TemporarilyUnavailable, match="no Spark worker ran tasks for 20 s"):
        watched.until_stopped(None)
    assert watched.clock.monotonic() - before == pytest.approx(WORKERLESS_SECONDS, abs=1)


def test_workers_that_come_back_are_waited_for() -> None:
    query, turns = FakeQuery(message="Waiting for data to arrive"), round(3 * WORKERLESS_SECONDS / POLL_SECONDS)
    watched = watch(query, FakeRuns(), turns=turns)
    watched.has_executors = lambda: round(watched.clock.monotonic()) % 10 > 0

    watched.until_stopped(None)


def test_months_are_made_once_a_day() -> None:
    runs = FakeRuns()
    watched = watch(FakeQuery(), runs)
    watched.clock = SlowClock()
    watched.until_stopped(2.5 * 86_400)

    assert runs.months == 2


def test_java_that_ends_by_itself_is_an_error_and_during_a_stop_is_none() -> None:
    query = FakeQuery()

    def leave(turn: int) -> None:
        query.java_is_gone = turn >= 3

    with pytest.raises(FraudstreamError, match="Java process ended"):
        watch(query, FakeRuns(), turns=50, act=leave).until_stopped(None)
    query.java_is_gone = False
    watch(query, FakeRuns(), turns=3, act=leave).until_stopped(None)


def test_a_model_is_waited_for() -> None:
    clock = ManualClock()

    assert wait_for_model(FakeRuns(deployed_after=5), Turns(clock, 50))
    assert not wait_for_model(FakeRuns(deployed_after=500), Turns(clock, 50))
