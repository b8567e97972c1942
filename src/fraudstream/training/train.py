"""One training from end to end, up to what goes into the registry."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from fraudstream.decisions.policy import ALERT_BUDGET
from fraudstream.features.events import Floats
from fraudstream.models.arrays import ScoringModel
from fraudstream.ports.registry import TrainingRun
from fraudstream.progress import Report, unreported
from fraudstream.training.build import COST_OF_AN_ALERT, BuiltModel, build_model
from fraudstream.training.card import moment_text
from fraudstream.training.dataset import History, windows_of
from fraudstream.training.entry import choice_facts, registry_entry
from fraudstream.training.evaluate import Evaluation
from fraudstream.training.handover import initial_state
from fraudstream.training.past import Past
from fraudstream.training.recipes import USUAL, Recipe, Trial
from fraudstream.training.sampling import Sample, sample_of
from fraudstream.training.windows_drift import WindowsDrift, drift_between

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
    past: Past,
    *,
    started_at: float,
    code_version: str,
    progress: Progress,
    recipes: Sequence[Recipe] = USUAL,
    report: Report = unreported,
) -> Trained:
    """Replay, fit, choose, calibrate, choose the threshold, measure and pack.

    Args:
        past: the history; no more of it than `sampling.Limits` says is in memory at once.
        started_at: when this training began, in seconds since 1970 UTC.
        code_version: what is recorded as the code it was trained with.
        progress: told one line after each step.
        recipes: what is tried; the best on the week before the last is taken.
        report: told how many days of the history are replayed.

    Raises:
        ConfigurationError: a history that is out of order, is too short or has too few frauds.
    """
    watch = Stopwatch(progress)
    with watch.step("replay history"):
        sample = sample_of(past, report=report)
    history, vectors, windows = sample.history, sample.vectors, windows_of(sample.history)
    progress(f"{sample.payments:,} payments, {sample.frauds:,} of them fraud; {sample.text}")
    with watch.step("fit, calibrate and measure"):
        built = build_model(
            history,
            vectors,
            windows,
            seed=past.seed,
            scenario_names=past.scenario_names,
            recipes=recipes,
            tried=partial(_tell, progress) if len(recipes) > 1 else None,
        )
    with watch.step("draw"):
        drift = drift_between(built.model, history, vectors, windows)
        pictures = _pictures(built, history, vectors, drift)
    with watch.step("pack"):
        facts = _facts(past, sample, built, code_version) | {"drift_of_the_week_measured": drift.text}
        model = replace(built.model, metadata=facts)
        state = initial_state(sample.replay)
        entry = replace(built, model=model)
        run = registry_entry(entry, facts, started_at, pictures, state=state, origin=past.origin)
    return Trained(model, built.evaluation, built.baseline, run, watch.steps)


def _tell(progress: Progress, trial: Trial) -> None:
    progress(f"average precision {trial.mean:.4f} on the week before the last: {trial.recipe.text}")


def _pictures(built: BuiltModel, history: History, vectors: Floats, drift: WindowsDrift) -> Mapping[str, bytes]:
    from fraudstream.training.plots import plots  # noqa: PLC0415 - a second of import that other readers never need

    rows = windows_of(history).evaluation
    return plots(built.model, vectors[rows], history.scenario[rows] > 0, built.evaluation, drift)


def _facts(past: Past, sample: Sample, built: BuiltModel, code_version: str) -> dict[str, str]:
    """What is known of a training without its results; the same training gives the same facts."""
    windows = windows_of(sample.history)
    times = sample.history.events.event_time
    return {
        **past.facts,
        "seed": str(past.seed),
        "window_start": moment_text(past.start),
        "window_end": moment_text(past.end),
        "training_until": moment_text(times[windows.training.stop - 1]),
        "labels_until": moment_text(windows.cut_off),
        "payments": str(sample.payments),
        "kept": sample.text,
        "data_sha256": sample.sha256,
        "code_version": code_version,
        **choice_facts(built.recipe, built.trials),
        "calibration": f"Platt, slope {built.model.calibration.slope:.6f}, intercept "
        f"{built.model.calibration.intercept:.6f}",
        "cost_of_an_alert": str(COST_OF_AN_ALERT),
        "alert_budget": str(ALERT_BUDGET),
        "largest_difference_to_scikit_learn": f"{built.export_difference:.3g}",
    }
