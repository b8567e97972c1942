"""Retraining by itself, step by step: each is on record before the next one begins."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from fraudstream.clock import Clock, SystemClock, pause
from fraudstream.errors import ConfigurationError, ModelUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import RETRAIN_FAILURES, RETRAINED
from fraudstream.ports.life_cycle import Action, Deployments, Signature
from fraudstream.ports.matured import MaturedScores, Window
from fraudstream.ports.registry import ModelRegistry
from fraudstream.ports.training_history import TrainingHistory
from fraudstream.progress import Report, unreported
from fraudstream.service import serve
from fraudstream.training.gate import GateRules, Outcome, carry_out, examine
from fraudstream.training.provenance import code_version
from fraudstream.training.register import TrainedVersion, TrainingPlan, put_on_record, register, train_and_register
from fraudstream.training.relearn import LONGEST, spans_of, too_little, train_on_log
from fraudstream.training.retrain import (
    CAUSE,
    REMEMBERED,
    Drift,
    NextStep,
    RetrainRules,
    Situation,
    Step,
    last_known,
    next_step,
)
from fraudstream.training.rollback import move_champion
from fraudstream.training.shadow import begin_trial
from fraudstream.training.train import Progress

LONGEST_SIMULATED = 400
"""Days of a simulated history at the most."""
LOOKS = 14
"""How often the gate looks at a trial in the time that labels take to mature; each look reads the trial's payments."""

AFTER_A_FAILURE = 600.0
"""Seconds until a step that failed for a reason of its own is tried again: it may be a whole training."""
IDLE = 1.0
"""Seconds between two signs of life while nothing is due."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Sources:
    """Where a training takes its payments from: the log if it has enough, else this city, if there is one."""

    history: TrainingHistory
    city: TrainingPlan | None
    seed: int = 7


@dataclass
class Retraining:
    """Does one step at a time.

    Args:
        deployments: the record, and what is at work and on trial.
        sources: what to train on.
        scores: what the gate compares.
        open_registry: opens the model registry when a step needs it.
        drift: how far what is scored has drifted, for the version at work and the payments' own time.
        rules: when a training is due.
        gate_rules: what its model has to prove.
        author: who signs.
        progress: told what is done, line by line.
        report: told how many payments of the log are read.
        clock: tells when a training began.
    """

    deployments: Deployments
    sources: Sources
    scores: MaturedScores
    open_registry: Callable[[], ModelRegistry]
    drift: Callable[[str, float], Drift | None]
    rules: RetrainRules
    gate_rules: GateRules
    author: str
    progress: Progress
    report: Report = unreported
    clock: Clock = field(default_factory=SystemClock)
    _looked: float | None = None

    def run_once(self) -> NextStep:
        """Do the next step; says which, or why there is none to do.

        Raises:
            ConfigurationError: there is no space for a model's files, or nothing could be learned.
            ModelUnavailable: the trained model is of no use.
            TemporarilyUnavailable: database or registry did not answer; the same step is the next one again.
        """
        now = self._situation()
        step = next_step(now, self.rules)
        if step.step == Step.TRAIN and now.as_of is not None:
            return self._train(now.as_of, step)
        if step.step == Step.SHADOW:
            return self._try(step)
        if step.step == Step.GATE and now.as_of is not None:
            return self._judge(now.as_of, step)
        return step

    def _situation(self) -> Situation:
        as_of, active = self.sources.history.as_of(), self.deployments.active()
        decisions = self.deployments.decisions(REMEMBERED)
        return Situation(
            as_of=as_of,
            challenger=self.deployments.challenger(),
            decisions=decisions,
            new_frauds=lambda: self._new_frauds(as_of, last_known(decisions)),
            drift=None if active is None or as_of is None else self.drift(active.model_version, as_of),
        )

    def _new_frauds(self, as_of: float | None, last: float | None) -> int:
        if as_of is None:
            return 0
        known = as_of - LONGEST if last is None else last
        maturity = self.rules.maturity
        return self.sources.history.extent(Window(known - maturity, as_of - maturity, as_of)).frauds

    def _train(self, as_of: float, step: NextStep) -> NextStep:
        spans = spans_of(as_of, self.rules.maturity)
        lack = too_little(self.sources.history, spans)
        if lack is not None and self.sources.city is None:
            return NextStep(Step.WAIT, f"{step.reason}, but the log has only {lack}")
        started_at = self.clock.now()
        registry = self.open_registry()
        if lack is None:
            trained = train_on_log(
                self.sources.history,
                spans,
                seed=self.sources.seed,
                started_at=started_at,
                code_version=code_version(),
                progress=self.progress,
                report=self.report,
            )
            version = register(registry, trained, known_on=as_of, progress=self.progress)
        else:
            version = self._simulate(registry, as_of, started_at, lack)
        figures = {CAUSE: step.reason, "source": "log" if lack is None else "simulation"}
        put_on_record(
            self.deployments, version, author=self.author, reason=f"retrained: {step.reason}", figures=figures
        )
        return NextStep(Step.TRAIN, step.reason, version.version)

    def _simulate(self, registry: ModelRegistry, as_of: float, started_at: float, lack: str) -> TrainedVersion:
        city = self.sources.city
        assert city is not None  # noqa: S101 - asked before
        self.progress(f"the log has only {lack}; the simulated city is trained on instead")
        plan = city.until(as_of, most=LONGEST_SIMULATED)
        version = train_and_register(registry, plan, started_at=started_at, progress=self.progress, report=self.report)
        return replace(version, known_on=as_of)

    def _try(self, step: NextStep) -> NextStep:
        registry = self.open_registry()
        version = registry.find(step.version)
        signature = Signature(self.author, f"retrained: {step.reason}")
        before = self.deployments.decisions(1)
        try:
            begin_trial(registry, self.deployments, version, signature)
        except ModelUnavailable as error:
            if self.deployments.decisions(1) == before:  # refused by the state of things, not by a check
                refused = Signature(self.author, f"not tried: {error}")
                self.deployments.record(Action.KEEP, version.name, version.version, refused)
            return NextStep(Step.WAIT, f"version {version.version} is not tried: {error}", version.version)
        return step

    def _judge(self, as_of: float, step: NextStep) -> NextStep:
        if self._looked is not None and as_of - self._looked < self.rules.maturity / LOOKS:
            return NextStep(Step.WAIT, f"{step.reason}; the gate has looked not long ago", step.version)
        self._looked = as_of
        report = examine(self.deployments, self.scores, self.gate_rules)
        deployed = carry_out(self.deployments, report, self.author)
        if report.verdict.outcome == Outcome.WAIT:
            return NextStep(Step.WAIT, f"{step.reason}: {report.verdict.reason}", step.version)
        self._looked = None
        if deployed is not None:
            problem = move_champion(self.open_registry, deployed)
            if problem is not None:
                self.progress(f"the registry's alias champion could not be moved: {problem}")
        outcome = f"version {step.version}: {report.verdict.outcome}, because {report.verdict.reason}"
        return NextStep(Step.GATE, outcome, step.version)


def keep_retraining(
    retraining: Retraining,
    interval: float,
    *,
    stopping: Callable[[], bool],
    clock: Clock,
    heart: Heartbeat | None = None,
    board: Board | None = None,
) -> None:
    """Do step after step, `interval` seconds apart, until `stopping`; what a training fails by is told and got over.

    Raises:
        TemporarilyUnavailable: database or registry did not answer for minutes.
    """
    shown = board or Board("retrain")
    due, told = float("-inf"), ""

    def step() -> None:
        nonlocal due, told
        if (left := due - clock.monotonic()) > 0:
            pause(min(left, IDLE), stopping=stopping, clock=clock)
            return
        wait = interval
        try:
            done = retraining.run_once()
        except (ConfigurationError, ModelUnavailable) as error:
            log.warning("retraining failed, the model at work stays", error=str(error))
            shown.count(RETRAIN_FAILURES)
            wait = max(interval, AFTER_A_FAILURE)
        else:
            shown.count(RETRAINED, 1, done.step.value)
            if done.reason != told:
                log.info("retraining", step=done.step.value, reason=done.reason, version=done.version)
            told = done.reason
        due = clock.monotonic() + wait

    log.info("retraining ready", every=retraining.rules.every, maturity=retraining.rules.maturity)
    serve(step, stopping=stopping, clock=clock, heartbeat=heart or Heartbeat.load(), board=shown)
