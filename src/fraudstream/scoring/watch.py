"""Looking after the running stream: readiness, the right to score, failures, a stop."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import structlog

from fraudstream.adapters.database.scorer_runs import Run
from fraudstream.clock import Clock
from fraudstream.errors import FraudstreamError, TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import SCORER_STANDS_STILL, WORKED_AT
from fraudstream.scoring.failures import failure_of
from fraudstream.scoring.figures import ScorerFigures
from fraudstream.scoring.session import JAVA_IS_GONE

POLL_SECONDS = 0.1
"""How often the stream is looked at; a stop is noticed at once."""
CHECK_SECONDS = 2.0
"""How often the right to score is checked."""
FINISH_SECONDS = 5.0
FINISH_POLL_SECONDS = 0.005
"""How long a stop waits for the trigger at work, and how often it looks: the pause between triggers is short."""
FIGURES_SECONDS = 5.0
"""How often figures are brought up to date."""
REPORT_SECONDS = 10.0
"""How often progress is logged."""
PATIENCE_SECONDS = 300.0
"""How long the database may be away before the scorer gives up; its workers retry for about as long."""
SLOW_SECONDS = 10.0
"""How long a trigger may take before the database is asked whether it is the reason, and how often from then on."""
STUCK_SECONDS = 60.0
"""After how long in one and the same trigger the stream no longer counts as at work."""
WORKERLESS_SECONDS = 20.0
"""How long a cluster may have no executor for us. A master that was restarted does not know us any more."""
MONTHS_SECONDS = 86_400.0
"""How often the months of the results table are looked after."""

log = structlog.get_logger()


class Query(Protocol):
    """What is needed of Spark's `StreamingQuery`."""

    @property
    def isActive(self) -> bool:  # noqa: N802 - Spark's name
        """Whether it runs."""
        ...

    @property
    def status(self) -> dict[str, Any]:
        """What it does right now."""
        ...

    @property
    def lastProgress(self) -> Any:  # noqa: N802, ANN401 - Spark's name and type
        """The last trigger, or nothing before the first."""
        ...

    def exception(self) -> Exception | None:
        """Why it failed, if it did."""
        ...

    def stop(self) -> None:
        """End it after the tasks at work."""
        ...


class Runs(Protocol):
    """What is needed of `adapters.database.scorer_runs.ScorerRuns`."""

    def has_deployment(self) -> bool:
        """Whether a model is at work."""
        ...

    def mark_ready(self, run: Run) -> None:
        """Note that a payment sent from now on is scored."""
        ...

    def check(self) -> None:
        """Make sure that the right to score is still held."""
        ...

    def positions(self) -> dict[int, int]:
        """The committed next offset of each partition."""
        ...

    def probe(self) -> None:
        """Raise if the database takes no writes."""
        ...

    def make_months(self, around: float) -> None:
        """Create missing partitions of the results."""
        ...


def wait_for_the_database(runs: Runs, stopped: threading.Event, board: Board) -> bool:
    """Wait until the database takes writes; returns whether that came before the stop."""
    said = None
    while not stopped.is_set():
        try:
            runs.check()
        except TemporarilyUnavailable as error:
            if str(error) != said:
                said = str(error)
                log.warning("waiting for the database", problem=said)
                board.set(SCORER_STANDS_STILL, 1)
            stopped.wait(CHECK_SECONDS)
        else:
            if said is not None:
                log.info("the database takes writes again")
            return True
    return False


def wait_for_model(runs: Runs, stopped: threading.Event) -> bool:
    """Wait until a model is deployed; returns whether that came before the stop."""
    if not runs.has_deployment():
        log.info("waiting for a model; `fraudstream train` and `fraudstream promote` put one to work")
    while not stopped.is_set():
        if runs.has_deployment():
            return True
        stopped.wait(POLL_SECONDS)
    return False


@dataclass
class Watch:
    """One run of the stream."""

    query: Query
    runs: Runs
    run: Run
    clock: Clock
    stopped: threading.Event
    warm: Future[None]
    """Done once the Python workers are there."""
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    has_executors: Callable[[], bool] = lambda: True
    board: Board = field(default_factory=partial(Board, "scorer"))
    _is_ready: bool = False
    _unreachable_since: float | None = None
    _workerless_since: float | None = None
    _due: dict[str, float] = field(default_factory=dict)
    _figures: ScorerFigures = field(init=False)
    _problem: str | None = None
    """Why positions stand still, as it was last told."""
    _trigger: tuple[object, float] = ("not looked at yet", 0.0)
    """The last finished trigger while the next one is at work, and since when."""

    def until_stopped(self, seconds: float | None) -> None:
        """Return after a stop, or after so many seconds.

        Raises:
            Fenced: another scorer took over.
            FraudstreamError: the stream failed, or the database was away for too long.
        """
        end = None if seconds is None else self.clock.monotonic() + seconds
        self._due["months"] = self.clock.monotonic() + MONTHS_SECONDS
        self._figures = ScorerFigures(self.board, self.clock)
        self._figures.begin(self.run.epoch, self.run.next_offset)
        try:
            while not self.stopped.is_set() and (end is None or self.clock.monotonic() < end):
                self._look()
                self.stopped.wait(POLL_SECONDS)
        except JAVA_IS_GONE as error:
            if not self.stopped.is_set():
                raise FraudstreamError(f"Spark's Java process ended; its log above may say why ({error})") from error
        finally:
            with contextlib.suppress(*JAVA_IS_GONE):
                self._finish_trigger()
                self.query.stop()

    def _look(self) -> None:
        if not self.query.isActive:
            raise failure_of(str(self.query.exception() or "Spark ended it without a reason"))
        self._look_after_the_database(takes_triggers=self._is_ready or self._takes_triggers())
        if self._is_ready:
            self._look_after_the_cluster()
        taken = self._seconds_in_trigger()
        if taken > SLOW_SECONDS and self._unreachable_since is None and self._is_due("probe", SLOW_SECONDS):
            self._look_for_the_reason(taken)
        elif taken <= SLOW_SECONDS and self._unreachable_since is None:
            self._tell(None)
        if self._is_ready and self._unreachable_since is None and taken <= STUCK_SECONDS:
            self.heartbeat.beat()
            self.board.set(WORKED_AT, self.clock.now())
        if self._is_due("report", REPORT_SECONDS):
            self._report()

    def _look_after_the_database(self, *, takes_triggers: bool) -> None:
        try:
            if not self._is_ready and takes_triggers:
                self.runs.mark_ready(self.run)
                self._is_ready = True
                log.info("ready", epoch=self.run.epoch)
            if self._is_due("check", CHECK_SECONDS):
                self.runs.check()
                self._unreachable_since = None
            if self._is_due("figures", FIGURES_SECONDS):
                self._figures.show(self.runs.positions(), self.query.lastProgress)
            if self._is_due("months", MONTHS_SECONDS):
                self.runs.make_months(self.clock.now())
        except TemporarilyUnavailable as error:
            now = self.clock.monotonic()
            self._unreachable_since = self._unreachable_since or now
            if now - self._unreachable_since > PATIENCE_SECONDS:
                raise
            self._tell(str(error))

    def _look_for_the_reason(self, taken: float) -> None:
        try:
            self.runs.probe()
        except TemporarilyUnavailable as error:
            self._tell(str(error))
        else:
            if taken > STUCK_SECONDS:
                self._tell(
                    f"no trigger has ended for {STUCK_SECONDS:.0f} s, and the database takes writes: the log of "
                    "Spark's workers says what they wait for"
                )

    def _tell(self, problem: str | None) -> None:
        """Say once that positions stand still and why, and once that this is over."""
        if problem == self._problem:
            return
        self._problem = problem
        self._figures.standing_still(problem=problem is not None)
        if problem is None:
            log.info("positions move again")
        else:
            log.warning("positions stand still", problem=problem)

    def _look_after_the_cluster(self) -> None:
        now = self.clock.monotonic()
        if self.has_executors():
            self._workerless_since = None
            return
        if self._workerless_since is None:
            log.warning("no Spark worker runs tasks for us; positions stand still")
            self._workerless_since = now
        if now - self._workerless_since > WORKERLESS_SECONDS:
            raise TemporarilyUnavailable(
                f"no Spark worker ran tasks for {WORKERLESS_SECONDS:.0f} s: are the workers up, and was the master "
                "restarted? A new start registers with it again"
            )

    def _takes_triggers(self) -> bool:
        """Whether the workers are there, and the first trigger was taken or there was nothing to take."""
        if not self.warm.done():
            return False
        problem = self.warm.exception()
        if problem is not None:
            raise failure_of(str(problem))
        return self.query.lastProgress is not None or self.query.status["message"].startswith("Waiting for")

    def _seconds_in_trigger(self) -> float:
        """How long the trigger at work has been the same."""
        now = self.clock.monotonic()
        if not self.query.status["isTriggerActive"]:
            self._trigger = (None, now)
            return 0.0
        progress = self.query.lastProgress
        finished = None if progress is None else progress["batchId"]
        if finished != self._trigger[0]:
            self._trigger = (finished, now)
        return now - self._trigger[1]

    def _finish_trigger(self) -> None:
        """Let the trigger at work come to its end, within bounds; a stop in its middle is safe but noisy."""
        deadline = self.clock.monotonic() + FINISH_SECONDS
        while self.query.isActive and self.query.status["isTriggerActive"] and self.clock.monotonic() < deadline:
            self.clock.sleep(FINISH_POLL_SECONDS)

    def _report(self) -> None:
        progress = self.query.lastProgress
        if progress is not None and progress["numInputRows"]:
            log.info(
                "scoring",
                batch=progress["batchId"],
                records=progress["numInputRows"],
                trigger_ms=progress["durationMs"].get("triggerExecution"),
            )

    def _is_due(self, what: str, every: float) -> bool:
        now = self.clock.monotonic()
        if now < self._due.get(what, now):
            return False
        self._due[what] = now + every
        return True
