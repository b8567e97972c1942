"""One model of a split: fitted, exported, calibrated and proved by what the product trains with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fraudstream.errors import ConfigurationError
from fraudstream.evaluation.protocol import Round, Split
from fraudstream.features.catalogue import index_of
from fraudstream.features.events import Floats, Ints
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.arrays import Calibration, ScoringModel
from fraudstream.models.walker import score
from fraudstream.training.build import calibrated, golden_rows
from fraudstream.training.dataset import DAY, History
from fraudstream.training.export import Classifier, check_equal
from fraudstream.training.recipes import Recipe


@dataclass(frozen=True, eq=False)
class World:
    """A history, what the kernel made of it, and how models are measured on it.

    `vectors` is (n, FEATURE_COUNT), in the order of the history. `scenario_names` says what each kind of fraud is
    called. Everything is chosen on `validation`; the figures that count are those of `rounds`.
    """

    name: str
    seed: int
    history: History
    vectors: Floats
    scenario_names: Mapping[int, str]
    validation: tuple[Split, ...]
    rounds: tuple[Round, ...]

    @property
    def chosen_at(self) -> float:
        """The moment everything is chosen at, in seconds since 1970 UTC; later labels play no part in it."""
        return min(round_.split.cut_off for round_ in self.rounds)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model before calibration by rows, and what it says of the rows that are measured, before calibration."""

    model: ScoringModel
    estimator: Classifier
    log_odds: Floats


class Fitter:
    """Fits models of one world, each once.

    Args:
        world: the world.
        seed: of the estimators.
        without: features the models don't have: they are zero for them.
    """

    def __init__(self, world: World, *, seed: int, without: Sequence[str] = ()) -> None:
        self.world = world
        self._seed = seed
        self._without = [index_of(name) for name in without]
        self._fitted: dict[tuple[str, str], Fitted] = {}

    def fitted(self, recipe: Recipe, split: Split) -> Fitted:
        """Fit a recipe on a split, and score what the split measures.

        Raises:
            ConfigurationError: too few frauds to train on.
        """
        key = recipe.text, split.name
        if key not in self._fitted:
            _, fraud = self.world.history.known_at(split.cut_off)
            rows = recipe.rows(fraud, split.training)
            estimator = recipe.fit(self.vectors(rows), fraud[rows], seed=self._seed)
            model = recipe.model(estimator, fraud, split.training)
            self._fitted[key] = Fitted(model, estimator, score(model, self.vectors(split.test), top=0).log_odds)
        return self._fitted[key]

    def vectors(self, rows: Ints) -> Floats:
        """Vectors (len(rows), FEATURE_COUNT) as the models see them; a copy."""
        found = self.world.vectors[rows]
        found[:, self._without] = 0.0
        return found

    def proved(self, recipe: Recipe, round_: Round) -> ScoringModel:
        """The model of a round: calibrated on its rehearsals, equal to scikit-learn's own, with its golden set.

        Scores that cannot be calibrated, because they rank frauds no higher than anything else, stay as they are.

        Raises:
            ConfigurationError: too few frauds to train on.
            ModelUnavailable: the exported arrays do not give scikit-learn's own predictions.
        """
        own = self.fitted(recipe, round_.split)
        golden = self.vectors(round_.split.test[golden_rows(own.log_odds)])
        check_equal(own.model, own.estimator, golden)
        model = self._calibrated(own.model, recipe, round_)
        model = replace(model, golden_vectors=golden, metadata={"world": self.world.name, "recipe": recipe.text})
        return replace(model, golden_scores=score(model, golden, top=0).probability)

    def _calibrated(self, model: ScoringModel, recipe: Recipe, round_: Round) -> ScoringModel:
        history = self.world.history
        _, fraud = history.known_at(round_.split.cut_off)
        rows = np.concatenate([rehearsal.test for rehearsal in round_.rehearsals])
        rehearsed = [self.fitted(recipe, rehearsal) for rehearsal in round_.rehearsals]
        # Each training was thinned by its own measure: log-odds are of one scale once that is taken back.
        log_odds = np.concatenate([one.log_odds + one.model.calibration.intercept for one in rehearsed])
        days = len(np.unique(history.events.event_time[rows] // DAY))
        try:
            found = calibrated(model, log_odds, history.events.amount[rows], fraud[rows], days=days)
        except ConfigurationError:
            return model
        slope, intercept = found.calibration.slope, found.calibration.intercept
        return replace(found, calibration=Calibration(slope, intercept + slope * model.calibration.intercept))


def artefact_digest(model: ScoringModel) -> str:
    """SHA-256 of the file a model would be registered as."""
    return digest_of(to_bytes(model))
