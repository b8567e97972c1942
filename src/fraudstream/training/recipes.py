"""Which models are trained: families, the settings tried of each, and the choice among them.

A recipe is used in this order, and the evaluation under a published protocol goes the same way as `train`:

    rows = recipe.rows(fraud, training)                               # every fraud, genuine payments thinned
    estimator = recipe.fit(vectors[rows], fraud[rows], seed=seed)     # one thread, scikit-learn's own
    model = recipe.model(estimator, fraud, training)                  # arrays for the walker, prior corrected
    trial = Trial(recipe, (average precision on payments after training and before what is measured,))
    best = choose(trials)
    model = build.calibrated(model, log_odds, amount, fraud, days=7)  # Platt and threshold

`fraud` is what labels said at the cut-off. Nothing here looks at what a model will be measured on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from fraudstream.errors import ConfigurationError
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_NAMES, index_of
from fraudstream.features.events import Floats
from fraudstream.models.arrays import Calibration, ScoringModel
from fraudstream.training.export import Classifier, export
from fraudstream.training.families import Family
from fraudstream.training.fit import Bools, fit_estimator

HISTORY_BOUND = ("age_days", "payments_known", "payments_30d")
"""Features that tell how long the simulation has run rather than anything of a payment; nothing learns from them.

A history of some weeks ends before they settle, so every payment after it would look like none before.
"""
GENUINE_ROWS = 120_000
"""Genuine payments a model is trained on at the most, whatever its recipe says."""

_PLACEHOLDER_THRESHOLD = 1.0


@dataclass(frozen=True)
class Recipe:
    """A family with its settings, named as scikit-learn names them.

    `genuine_per_fraud` is how many genuine payments are kept for each fraud of the training; frauds are all taken.
    """

    family: Family
    settings: Mapping[str, float] = field(hash=False)
    genuine_per_fraud: int

    @property
    def text(self) -> str:
        """The family and every setting, for cards, registry and reports."""
        settings = [*self.settings.items(), ("genuine_per_fraud", self.genuine_per_fraud)]
        return f"{self.family.text}: " + ", ".join(f"{name} {value:g}" for name, value in settings)

    def rows(self, fraud: Bools, training: slice) -> npt.NDArray[np.int64]:
        """The rows of `training` it is fitted on, ascending; `fraud` (n,) is of all payments."""
        return thinned(fraud, training, genuine=self._genuine(fraud[training]))

    def fit(self, vectors: Floats, fraud: Bools, *, seed: int) -> Classifier:
        """Fit on vectors (n, FEATURE_COUNT) and outcomes (n,), on one thread; the same input gives the same trees.

        Raises:
            ConfigurationError: too few frauds.
        """
        return fit_estimator(self.family, self.settings, learnable(vectors), fraud, seed=seed)

    def model(self, estimator: Classifier, fraud: Bools, training: slice) -> ScoringModel:
        """The estimator as arrays, without threshold and golden set.

        Its calibration only takes back the thinning of `training`: a share s of the genuine payments was kept, so the
        odds are s times those of the estimator (C. Elkan, "The foundations of cost-sensitive learning", 2001).
        """
        genuine = int((~fraud[training]).sum())
        kept = len(self.rows(fraud, training)) - int(fraud[training].sum())
        return unproved(estimator, kept=kept / max(genuine, 1))

    def _genuine(self, fraud: Bools) -> int:
        return min(self.genuine_per_fraud * max(int(fraud.sum()), 1), GENUINE_ROWS)


@dataclass(frozen=True)
class Trial:
    """What a recipe was worth on payments that came after its training: average precision, one for each span."""

    recipe: Recipe
    average_precision: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The figure recipes are chosen by."""
        return sum(self.average_precision) / len(self.average_precision)


def choose(trials: Sequence[Trial]) -> Trial:
    """The trial with the highest mean average precision; of equal ones the first.

    Raises:
        ConfigurationError: there is nothing to choose from.
    """
    if not trials:
        raise ConfigurationError("no model was tried, so none can be chosen; name at least one family")
    return max(trials, key=lambda trial: trial.mean)


def recipes_of(families: Sequence[Family]) -> tuple[Recipe, ...]:
    """Every recipe of some families."""
    return tuple(recipe for family in families for recipe in RECIPES[family])


def thinned(fraud: Bools, rows: slice, *, genuine: int) -> npt.NDArray[np.int64]:
    """The rows with every fraud and at most so many other payments, evenly spread over time; ascending."""
    everything = np.arange(rows.start, rows.stop)
    others = everything[~fraud[rows]]
    step = -(-len(others) // genuine)
    return np.sort(np.concatenate([everything[fraud[rows]], others[:: max(step, 1)]]))


def learnable(vectors: Floats) -> Floats:
    """A copy of vectors (n, FEATURE_COUNT) with zeros for the `HISTORY_BOUND` features: nothing splits on those."""
    copy = vectors.copy()
    copy[:, [index_of(name) for name in HISTORY_BOUND]] = 0.0
    return copy


def unproved(estimator: Classifier, *, kept: float = 1.0) -> ScoringModel:
    """The estimator as arrays, without threshold and golden set; `kept` is the share of genuine payments it saw."""
    return ScoringModel(
        body=export(estimator),
        calibration=Calibration(intercept=float(np.log(kept))),
        threshold=_PLACEHOLDER_THRESHOLD,
        catalogue_version=CATALOGUE_VERSION,
        feature_names=FEATURE_NAMES,
        golden_vectors=np.empty((0, len(FEATURE_NAMES))),
        golden_scores=np.empty(0),
    )


def _recipe(family: Family, genuine_per_fraud: int, **settings: float) -> Recipe:
    return Recipe(family, MappingProxyType(settings), genuine_per_fraud)


BASELINE = _recipe(Family.LOGISTIC_REGRESSION, 25, C=0.3)
"""The model to beat."""

RECIPES: Mapping[Family, tuple[Recipe, ...]] = MappingProxyType(
    {
        Family.LOGISTIC_REGRESSION: (BASELINE,),
        Family.GRADIENT_BOOSTING: (
            _recipe(
                Family.GRADIENT_BOOSTING,
                25,
                n_estimators=150,
                learning_rate=0.06,
                max_depth=3,
                min_samples_leaf=30,
                max_features=0.3,
                subsample=0.7,
            ),
        ),
        Family.HISTOGRAM_BOOSTING: (
            _recipe(
                Family.HISTOGRAM_BOOSTING,
                100,
                max_iter=150,
                max_leaf_nodes=8,
                max_features=0.3,
                learning_rate=0.06,
                l2_regularization=5.0,
                min_samples_leaf=15,
            ),
            _recipe(
                Family.HISTOGRAM_BOOSTING,
                100,
                max_iter=250,
                max_leaf_nodes=31,
                max_features=0.2,
                learning_rate=0.05,
                l2_regularization=10.0,
                min_samples_leaf=20,
            ),
        ),
        Family.EXTRA_TREES: (
            _recipe(Family.EXTRA_TREES, 25, n_estimators=100, max_depth=16, min_samples_leaf=2, max_features=0.5),
            _recipe(Family.EXTRA_TREES, 25, n_estimators=100, max_depth=16, min_samples_leaf=3, max_features=1.0),
        ),
    }
)
"""The settings tried of each family, few enough that `fraudstream evaluate` tries them all on its validation folds.

Boosting on histograms takes more genuine payments in the time that the others need for a quarter of them. Extra trees
that look at every feature for a split are the best of these on the Handbook world, boosting with many leaves on the
city.
"""

USUAL = RECIPES[Family.HISTOGRAM_BOOSTING][:1]
"""What `train` fits unless told otherwise: one recipe, in seconds."""
