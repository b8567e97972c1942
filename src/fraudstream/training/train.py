"""One training from end to end, up to what goes into the registry."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from fraudstream.decisions.policy import ALERT_BUDGET
from fraudstream.features.events import Floats
from fraudstream.features.replay import replay_history
from fraudstream.models.arrays import ScoringModel
from fraudstream.ports.registry import TrainingRun
from fraudstream.simulation.city import CityWorld
from fraudstream.simulation.scenarios import SCENARIOS
from fraudstream.training.build import COST_OF_AN_ALERT, BuiltModel, build_model
from fraudstream.training.card import moment_text
from fraudstream.training.dataset import History, simulate_history, windows_of
from fraudstream.training.entry import choice_facts, registry_entry
from fraudstream.training.evaluate import Evaluation
from fraudstream.training.handover import initial_state
from fraudstream.training.recipes import USUAL, Recipe, Trial

Progress = Callable[[str], None]


@dataclass
class Stopwatch:
    """Seconds each step of a training took, told as they end."""

    progress: Progress
    steps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        begun = time.perf_counter()
        yield
        self.steps[name] = time.perf_counter() - begun
        self.progress(f"{name}: {self.steps[name]:.1f} s")


@dataclass(frozen=True)
class Trained:
    """A finished training: the model, what it is worth, and its entry in the registry."""

    model: ScoringModel
    evaluation: Evaluation
    baseline: Evaluation
    run: TrainingRun
    seconds: dict[str, float]


def run_training(
    world: CityWorld,
    days: int,
    *,
    started_at: float,
    code_version: str,
    progress: Progress,
    recipes: Sequence[Recipe] = USUAL,
) -> Trained:
    """Simulate, replay, fit, choose, calibrate, choose the threshold, measure and pack.

    Args:
        world: the simulated city; its first `days` days are the history.
        days: length of the history.
        started_at: when this training began, in seconds since 1970 UTC.
        code_version: what is recorded as the code it was trained with.
        progress: told one line after each step.
        recipes: what is tried; the best on the week before the last is taken.

    Raises:
        ConfigurationError: a history that is too short or has too few frauds.
    """
    watch = Stopwatch(progress)
    with watch.step("simulate history"):
        history = simulate_history(world, days)
    progress(f"{len(history.events):,} payments, {int((history.scenario > 0).sum()):,} of them fraud")
    with watch.step("replay through the feature kernel"):
        replay = replay_history(history.events, history.arrivals)
    with watch.step("fit, calibrate and measure"):
        built = build_model(
            history,
            replay.vectors,
            windows_of(history),
            seed=world.seed,
            scenario_names=SCENARIOS,
            recipes=recipes,
            tried=partial(_tell, progress) if len(recipes) > 1 else None,
        )
    with watch.step("draw"):
        pictures = _pictures(built, history, replay.vectors)
    with watch.step("pack"):
        facts = _facts(world, days, history, built, code_version)
        model = replace(built.model, metadata=facts)
        state = initial_state(history, replay)
        run = registry_entry(replace(built, model=model), facts, started_at, pictures, state=state)
    return Trained(model, built.evaluation, built.baseline, run, watch.steps)


def _tell(progress: Progress, trial: Trial) -> None:
    progress(f"average precision {trial.mean:.4f} on the week before the last: {trial.recipe.text}")


def _pictures(built: BuiltModel, history: History, vectors: Floats) -> Mapping[str, bytes]:
    from fraudstream.training.plots import plots  # noqa: PLC0415 - a second of import that other readers never need

    rows = windows_of(history).evaluation
    return plots(built.model, vectors[rows], history.scenario[rows] > 0, built.evaluation)


def _facts(world: CityWorld, days: int, history: History, built: BuiltModel, code_version: str) -> dict[str, str]:
    """What is known of a training without its results; the same training gives the same facts."""
    windows = windows_of(history)
    times = history.events.event_time
    return {
        "world": "city",
        "seed": str(world.seed),
        "customers": str(world.customers),
        "history_days": str(days),
        "window_start": moment_text(history.start),
        "window_end": moment_text(history.end),
        "training_until": moment_text(times[windows.training.stop - 1]),
        "labels_until": moment_text(windows.cut_off),
        "payments": str(len(history.events)),
        "data_sha256": history.digest(),
        "code_version": code_version,
        **choice_facts(built.recipe, built.trials),
        "calibration": f"Platt, slope {built.model.calibration.slope:.6f}, intercept "
        f"{built.model.calibration.intercept:.6f}",
        "cost_of_an_alert": str(COST_OF_AN_ALERT),
        "alert_budget": str(ALERT_BUDGET),
        "largest_difference_to_scikit_learn": f"{built.export_difference:.3g}",
    }
