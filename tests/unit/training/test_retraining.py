"""Step by step, each on record, from a training to the gate; whatever fails, the champion stays."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from tests.unit.scoring.world import a_model
from tests.unit.training.conftest import SmallCity
from tests.unit.training.recorded_city import recorded
from tests.unit.training.test_relearn import MATURITY, without_frauds

from fraudstream.adapters.memory_deployments import MemoryDeployments
from fraudstream.adapters.memory_matured import MemoryMaturedScores
from fraudstream.adapters.memory_registry import MemoryRegistry
from fraudstream.adapters.memory_training_history import MemoryTrainingHistory
from fraudstream.clock import ManualClock
from fraudstream.errors import ConfigurationError, ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.events import Floats
from fraudstream.heartbeat import Heartbeat
from fraudstream.models.archive import digest_of, load_model, to_bytes
from fraudstream.models.walker import score
from fraudstream.ports.life_cycle import Candidate, Signature
from fraudstream.ports.quality import FeatureDrift
from fraudstream.ports.registry import CHALLENGER, CHAMPION, ModelRegistry, ModelVersion, TrainingRun
from fraudstream.ports.slices import ShadowScores
from fraudstream.training.dataset import DAY
from fraudstream.training.drift import worst_drift
from fraudstream.training.gate import GateRules
from fraudstream.training.register import TrainingPlan
from fraudstream.training.retrain import AS_OF, CAUSE, Drift, RetrainRules, Step
from fraudstream.training.retraining import AFTER_A_FAILURE, Retraining, Sources, keep_retraining

FIRST = Signature("ana", "first")


@dataclass
class Work:
    """A city whose payments version 1 scored without knowing much."""

    city: SmallCity
    deployments: MemoryDeployments = field(default_factory=MemoryDeployments)
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        model = a_model()
        content = to_bytes(model)
        self.registry.register(TrainingRun(0.0, {}, {}, {}, {}))
        candidate = Candidate("fraudstream", "1", digest_of(content), model.catalogue_version, 0.9, content)
        self.active = self.deployments.deploy(candidate, None, FIRST)

    def retraining(
        self,
        *,
        shadow: ShadowScores | None = None,
        city: TrainingPlan | None = None,
        open_registry: Callable[[], ModelRegistry] | None = None,
    ) -> Retraining:
        """As it is after a start; `shadow` is what a challenger said of every payment."""
        store, labels = recorded(self.city, self.active, self.champion(), shadow)
        history = MemoryTrainingHistory(store, labels)
        return Retraining(
            deployments=self.deployments,
            sources=Sources(history, city, seed=3),
            scores=MemoryMaturedScores(store, labels),
            open_registry=open_registry or (lambda: self.registry),
            drift=lambda _version, _as_of: None,
            rules=RetrainRules(every=5 * DAY, maturity=MATURITY),
            gate_rules=GateRules(maturity=MATURITY),
            author="robot",
            progress=self.said.append,
            clock=ManualClock(),
        )

    def champion(self) -> Floats:
        amount = self.city.history.events.amount
        return np.asarray(0.03 * amount / (amount + 200.0), np.float64)

    def said_in_shadow(self, version: str) -> ShadowScores:
        """What a registered version says of every payment."""
        run = self.registry.runs[self.registry.find(version).run_id]
        digest = run.tags["sha256"]
        model = load_model(run.artefacts["model.npz"], digest=digest)
        return ShadowScores(digest, score(model, self.city.replay.vectors).probability)

    def actions(self) -> list[tuple[str, str, str]]:
        return [(d.action, d.model_version, d.signature.author) for d in reversed(self.deployments.decisions(99))]


@pytest.fixture
def work(city: SmallCity) -> Work:
    return Work(city)


def test_a_version_goes_all_the_way_over_as_many_starts(work: Work) -> None:
    trained = work.retraining().run_once()
    tried = work.retraining().run_once()
    judged = work.retraining(shadow=work.said_in_shadow("2")).run_once()
    rest = work.retraining().run_once()

    assert [step.step for step in (trained, tried, judged, rest)] == [Step.TRAIN, Step.SHADOW, Step.GATE, Step.WAIT]
    assert work.actions() == [
        ("promote", "1", "ana"),
        ("train", "2", "robot"),
        ("shadow", "2", "robot"),
        ("promote", "2", "robot"),
    ]
    assert work.registry.find_alias(CHALLENGER).version == work.registry.find_alias(CHAMPION).version == "2"
    active = work.deployments.active()
    assert active is not None
    assert active.model_version == "2"
    figures = work.deployments.decisions(3)[2].signature.figures
    assert figures[CAUSE] == "no training is on record"
    assert figures["source"] == "log"
    known = figures[AS_OF]
    assert isinstance(known, float)
    assert known == pytest.approx(work.city.history.end, abs=5 * DAY)


def test_a_challenger_that_is_no_better_is_kept_out_and_not_tried_again(work: Work) -> None:
    work.retraining().run_once()
    work.retraining().run_once()
    challenger = work.deployments.challenger()
    assert challenger is not None
    like_the_champion = ShadowScores(challenger.digest, work.champion())
    judged = work.retraining(shadow=like_the_champion).run_once()

    assert judged.step == Step.GATE
    assert "less than the margin" in judged.reason
    assert work.actions()[-1] == ("keep", "2", "robot")
    assert work.deployments.active() == work.active
    assert work.retraining().run_once().step == Step.WAIT


def test_the_gate_waits_and_does_not_look_all_the_time(work: Work) -> None:
    work.retraining().run_once()
    work.retraining().run_once()
    retraining = work.retraining()
    first, second = retraining.run_once(), retraining.run_once()

    assert "0 payments with 0 frauds have matured" in first.reason
    assert "the gate has looked not long ago" in second.reason
    assert (first.step, second.step) == (Step.WAIT, Step.WAIT)
    assert len(work.actions()) == 3


def unreachable() -> ModelRegistry:
    raise TemporarilyUnavailable("MLflow could not be reached")


@dataclass
class FullRegistry(MemoryRegistry):
    """Its disk is full."""

    def register(self, run: TrainingRun) -> ModelVersion:
        raise ConfigurationError(f"no space is left for {len(run.artefacts)} files")


@pytest.mark.parametrize(
    ("open_registry", "error"),
    [(unreachable, TemporarilyUnavailable), (FullRegistry, ConfigurationError)],
    ids=["unreachable", "full"],
)
def test_where_nothing_can_be_registered_nothing_changes(
    work: Work, open_registry: Callable[[], ModelRegistry], error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"could not be reached|no space is left"):
        work.retraining(open_registry=open_registry).run_once()

    assert work.actions() == [("promote", "1", "ana")]
    assert work.deployments.active() == work.active
    assert work.retraining().run_once().step == Step.TRAIN


def test_one_that_may_not_be_tried_is_settled(work: Work) -> None:
    work.retraining().run_once()
    run_id = work.registry.find("2").run_id
    damaged = work.registry.runs[run_id]
    work.registry.runs[run_id] = replace(damaged, artefacts={**damaged.artefacts, "model.npz": b"damaged"})
    refused = work.retraining().run_once()

    assert refused.step == Step.WAIT
    assert "has SHA-256" in refused.reason
    assert work.actions()[-1] == ("reject", "2", "robot")
    assert work.retraining().run_once().step == Step.WAIT
    assert work.deployments.challenger() is None


def test_one_that_is_at_work_already_is_settled(work: Work) -> None:
    work.retraining().run_once()
    run = work.registry.runs[work.registry.find("2").run_id]
    candidate = Candidate("fraudstream", "5", run.tags["sha256"], CATALOGUE_VERSION, 0.5, run.artefacts["model.npz"])
    work.deployments.deploy(candidate, None, FIRST)
    refused = work.retraining().run_once()

    assert "the same artefact as version 5" in refused.reason
    assert work.actions()[-1] == ("keep", "2", "robot")


def test_where_the_log_has_too_little_a_city_is_trained_on_or_it_waits(work: Work) -> None:
    plan = TrainingPlan(seed=3, customers=600, history_days=26, start=work.city.history.start)
    without, with_city = work.retraining(), work.retraining(city=plan)
    for retraining in (without, with_city):
        history = retraining.sources.history
        assert isinstance(history, MemoryTrainingHistory)
        retraining.sources = replace(retraining.sources, history=without_frauds(history))
        retraining.rules = replace(retraining.rules, fewest_new_frauds=0)
    waiting, trained = without.run_once(), with_city.run_once()

    assert waiting.step == Step.WAIT
    assert "the log has only" in waiting.reason
    assert (trained.step, trained.version) == (Step.TRAIN, "2")
    decision = work.deployments.decisions(1)[0]
    assert decision.signature.figures["source"] == "simulation"
    run = work.registry.runs[work.registry.find("2").run_id]
    assert run.parameters["history_days"] == "29"  # the city goes on to where the stream is


def test_a_plan_goes_on_to_a_moment_and_no_further_than_allowed() -> None:
    plan = TrainingPlan(seed=3, customers=600, history_days=26, start=0.0)

    assert plan.until(40.9 * DAY, most=400).history_days == 40
    assert plan.until(3 * DAY, most=400).history_days == 26
    assert plan.until(999 * DAY, most=400).history_days == 400


def test_the_latest_days_worst_feature_is_the_drift() -> None:
    @dataclass
    class Measured:
        rows: list[FeatureDrift]

        def stored_drift(self, first: dt.date, last: dt.date) -> list[FeatureDrift]:
            return [row for row in self.rows if first <= row.day <= last]

    days = [dt.date(2025, 11, day) for day in (18, 23, 24)]
    rows = [
        FeatureDrift(days[0], "1", "hour", 9.0, 5_000),
        FeatureDrift(days[1], "1", "amount", 0.8, 5_000),
        FeatureDrift(days[2], "1", "amount", 0.1, 5_000),
        FeatureDrift(days[2], "1", "score", 0.4, 5_000),
        FeatureDrift(days[2], "2", "amount", 7.0, 5_000),
        FeatureDrift(days[2], "1", "online", 5.0, 999),
    ]
    now = dt.datetime(2025, 11, 24, 12, tzinfo=dt.UTC).timestamp()

    assert worst_drift(Measured(rows), "1", now) == Drift("score", 0.4)
    assert worst_drift(Measured(rows[:2]), "1", now) == Drift("amount", 0.8)
    assert worst_drift(Measured(rows[:1]), "1", now) is None


class Failing:
    """Stands for a retraining whose steps fail in this order, and stops after them."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.rules = RetrainRules()

    def run_once(self) -> None:
        raise self.errors.pop(0)

    def stopping(self) -> bool:
        return not self.errors


def test_a_service_gets_over_a_failed_training_and_does_not_hurry() -> None:
    clock, failing = ManualClock(), Failing(ConfigurationError("no space"), ModelUnavailable("too slow"))
    begun = clock.now()
    keep_retraining(failing, 60.0, stopping=failing.stopping, clock=clock)  # type: ignore[arg-type]

    assert clock.now() - begun >= AFTER_A_FAILURE


class Beats(Heartbeat):
    """Remembers when the heart beat."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.clock, self.times = clock, [clock.now()]

    def beat(self) -> None:
        self.times.append(self.clock.now())


def test_a_service_that_waits_for_its_next_step_is_alive() -> None:
    clock, failing = ManualClock(), Failing(ConfigurationError("no space"), ModelUnavailable("too slow"))
    heart = Beats(clock)
    keep_retraining(failing, 3_600.0, stopping=failing.stopping, clock=clock, heart=heart)  # type: ignore[arg-type]

    assert heart.times[-1] - heart.times[0] >= 3_600
    assert max(np.diff(heart.times)) < 10


def test_a_service_ends_where_nothing_answers_for_long() -> None:
    clock, failing = ManualClock(), Failing(*[TemporarilyUnavailable("away")] * 30)

    with pytest.raises(TemporarilyUnavailable, match="away"):
        keep_retraining(failing, 60.0, stopping=failing.stopping, clock=clock)  # type: ignore[arg-type]
