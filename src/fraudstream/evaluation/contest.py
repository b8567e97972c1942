"""Every family by the same protocol: settings chosen on the validation splits, figures taken on the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fraudstream.errors import ConfigurationError
from fraudstream.evaluation.figures import Bools, Figures, figures_of, mean_of, measured_rows
from fraudstream.evaluation.fitting import Fitter, artefact_digest
from fraudstream.evaluation.protocol import Split
from fraudstream.evaluation.speed import SERVING_RATE, rows_per_second
from fraudstream.evaluation.steps import Steps
from fraudstream.models.walker import score
from fraudstream.training.evaluate import evaluate
from fraudstream.training.families import Family
from fraudstream.training.recipes import RECIPES, Recipe, Trial, choose

Recipes = Mapping[Family, Sequence[Recipe]]


@dataclass(frozen=True)
class Candidate:
    """A family with the settings chosen for it, and what it was worth where it counts.

    `digest` is that of the artefact of the last round, `rows_per_second` its speed on one core.
    """

    trial: Trial
    per_fold: Mapping[str, Figures]
    digest: str
    rows_per_second: float

    @property
    def recipe(self) -> Recipe:
        """What was fitted."""
        return self.trial.recipe

    @property
    def figures(self) -> Figures:
        """The mean over the folds."""
        return mean_of(list(self.per_fold.values()))


@dataclass(frozen=True)
class Outcome:
    """All candidates, the best first by validation, and those of them with a name.

    `serving` is the best of those that are fast enough, if one is. `tried` is every recipe, with what it was worth on
    the validation splits.
    """

    candidates: tuple[Candidate, ...]
    best: Candidate
    serving: Candidate | None
    tried: tuple[Trial, ...]


class Contest:
    """Runs a protocol for some families.

    Args:
        fitter: of the world.
        steps: told what is at work.
        serving_rate: payments a second and core that the serving candidate must reach.
        recipes: the settings tried of each family.
    """

    def __init__(
        self, fitter: Fitter, steps: Steps, *, serving_rate: float = SERVING_RATE, recipes: Recipes = RECIPES
    ) -> None:
        self._fitter, self._steps, self._serving_rate, self._recipes = fitter, steps, serving_rate, recipes
        self._world = fitter.world

    def run(self, families: Iterable[Family]) -> Outcome:
        """Choose on the validation splits, then measure what was chosen.

        Raises:
            ConfigurationError: no family, or too few frauds to train or to measure on.
            ModelUnavailable: exported arrays do not give scikit-learn's own predictions.
        """
        tried = {family: [self._tried(recipe) for recipe in self._recipes[family]] for family in families}
        if not tried:
            raise ConfigurationError(
                "no family of models was named, so there is nothing to evaluate; name one, or best"
            )
        everything = [trial for trials in tried.values() for trial in trials]
        fast = [trial for trial in everything if self._is_fast(trial.recipe)]
        serving = choose(fast) if fast else None
        best = choose(everything)
        chosen = {id(trial): trial for trial in (*map(choose, tried.values()), *([serving] if serving else []))}
        ranked = sorted(chosen.values(), key=lambda trial: -trial.mean)
        measured = {id(trial): self.measured(trial) for trial in ranked}
        return Outcome(
            candidates=tuple(measured.values()),
            best=measured[id(best)],
            serving=measured[id(serving)] if serving else None,
            tried=tuple(everything),
        )

    def measured(self, trial: Trial) -> Candidate:
        """What a recipe is worth in the rounds.

        Raises:
            ConfigurationError: too few frauds to train or to measure on.
            ModelUnavailable: exported arrays do not give scikit-learn's own predictions.
        """
        world, rounds = self._world, self._world.rounds
        with self._steps.step(f"measure {trial.recipe.family.text}"):
            models = {one.split.name: self._fitter.proved(trial.recipe, one) for one in rounds}
            per_fold = {
                one.split.name: figures_of(
                    score(models[one.split.name], self._fitter.vectors(one.split.test), top=0).probability,
                    measured_rows(world.history, one.split.test),
                    world.scenario_names,
                )
                for one in rounds
            }
            last = rounds[-1].split
            speed = rows_per_second(models[last.name], self._fitter.vectors(last.test))
        return Candidate(trial, per_fold, artefact_digest(models[last.name]), speed)

    def average_precision(self, recipe: Recipe) -> float:
        """What a recipe is worth in the rounds, by this figure alone: nothing is calibrated for it.

        Raises:
            ConfigurationError: too few frauds to train or to measure on.
        """
        truth = self._world.history.scenario > 0
        found = [self._average_precision(recipe, round_.split, truth) for round_ in self._world.rounds]
        return sum(found) / len(found)

    def _tried(self, recipe: Recipe) -> Trial:
        """What it is worth on the validation splits, as far as outcomes were known when everything had to be chosen."""
        _, known = self._world.history.known_at(self._world.chosen_at)
        with self._steps.step(f"try {recipe.family.text}"):
            found = [self._average_precision(recipe, split, known) for split in self._world.validation]
        return Trial(recipe, tuple(found))

    def _average_precision(self, recipe: Recipe, split: Split, fraud: Bools) -> float:
        log_odds = self._fitter.fitted(recipe, split).log_odds
        kinds = fraud[split.test].astype(np.int8)
        amount = self._world.history.events.amount[split.test]
        return evaluate(log_odds, kinds, amount, threshold=0.0, scenario_names={}).average_precision

    def _is_fast(self, recipe: Recipe) -> bool:
        split = self._world.validation[-1]
        model = self._fitter.fitted(recipe, split).model
        return rows_per_second(model, self._fitter.vectors(split.test)) >= self._serving_rate
