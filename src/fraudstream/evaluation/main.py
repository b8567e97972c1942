"""An evaluation from end to end, as a command."""

import resource
import sys
import time
from dataclasses import dataclass

from rich.console import Console

from fraudstream.errors import ConfigurationError
from fraudstream.evaluation.city_rounds import ABLATIONS
from fraudstream.evaluation.contest import Candidate, Contest
from fraudstream.evaluation.fitting import Fitter, World
from fraudstream.evaluation.report import Ablation, Report
from fraudstream.evaluation.sheet import show
from fraudstream.evaluation.steps import Steps
from fraudstream.evaluation.worlds import SMALL, WORLDS, Sizes
from fraudstream.training.families import BEST, Family, families_named

ESTIMATOR_SEED = 0
"""The seed of a world is not that of the estimators: worlds are compared with the same ones."""
SLOW_TO_SEARCH = (Family.GRADIENT_BOOSTING,)
"""Looks at every value of every payment; on more than a week it is fitted only if it is asked for."""


@dataclass(frozen=True)
class Request:
    """What is evaluated: a world of `WORLDS`, large or small, and a family of models or all of them."""

    world: str
    seed: int
    model: str = BEST
    small: bool = False


def evaluate(request: Request, *, as_json: bool, console: Console | None = None) -> Report:
    """Evaluate and print the report.

    Raises:
        ConfigurationError: no such world or family, or an argument out of range.
        ModelUnavailable: exported arrays do not give scikit-learn's own predictions.
    """
    report = report_of(request, Steps())
    if as_json:
        sys.stdout.write(f"{report.to_json()}\n")
    else:
        show(report, console or Console(highlight=False))
    return report


def report_of(request: Request, steps: Steps) -> Report:
    """Simulate, replay, choose and measure.

    Raises:
        ConfigurationError: no such world or family, or an argument out of range.
        ModelUnavailable: exported arrays do not give scikit-learn's own predictions.
    """
    if request.world not in WORLDS:
        raise ConfigurationError(f"there is no world called {request.world}; use one of {', '.join(WORLDS)}")
    families = families_named(request.model)
    if request.model == BEST and request.world != "handbook":
        families = tuple(family for family in families if family not in SLOW_TO_SEARCH)
    replayed = WORLDS[request.world](request.seed, SMALL if request.small else Sizes(), steps)
    world = replayed.world
    outcome = Contest(Fitter(world, seed=ESTIMATOR_SEED), steps).run(families)
    return Report(
        world=world.name,
        seed=world.seed,
        small=request.small,
        rows=len(world.history.events),
        frauds=int((world.history.scenario > 0).sum()),
        outcome=outcome,
        ablations=_ablations(world, outcome.best, steps) if world.name == "city" else (),
        seconds=dict(steps.taken),
        replay_seconds=replayed.replay_seconds,
        cpu_seconds=time.process_time(),
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _ablations(world: World, best: Candidate, steps: Steps) -> tuple[Ablation, ...]:
    """The best recipe again without some features; its settings stay as they are."""
    found = []
    for name, features in ABLATIONS.items():
        with steps.step(f"measure without {name}"):
            ap = Contest(Fitter(world, seed=ESTIMATOR_SEED, without=features), steps).average_precision(best.recipe)
        found.append(Ablation(name, features, ap, best.figures.ap - ap))
    return tuple(found)
