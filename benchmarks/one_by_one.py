"""What a model costs that is asked about one payment at a time: scikit-learn's own, and the walker's."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.stand import MODEL
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import Floats
from fraudstream.models.walker import score
from fraudstream.training.families import Family
from fraudstream.training.recipes import recipes_of

ROWS, FRAUDS, SEED = 60_000, 1_000, 7
"""Vectors that the trees are fitted on: as many as a training of the demo takes, so that the trees are as large."""
ASKED = 300
"""Questions about a single payment; the middle of their times counts."""
AT_ONCE = 10_000
"""Payments of one question when a batch is asked about."""


@dataclass(frozen=True)
class OneByOne:
    """Microseconds for one payment: of scikit-learn and of the walker, asked about one, and about a batch."""

    library_single: float
    walker_single: float
    library_batch: float
    walker_batch: float

    def __str__(self) -> str:
        """As a person reads it."""
        return (
            f"one payment at a time: scikit-learn {self.library_single:,.0f} µs, "
            f"the walker {self.walker_single:,.1f} µs ({self.library_single / self.walker_single:,.0f} times)\n"
            f"{AT_ONCE:,} at once: scikit-learn {self.library_batch:,.1f} µs a payment, the walker "
            f"{self.walker_batch:,.1f} µs ({self.library_batch / self.walker_batch:,.1f} times)\n"
            f"whoever calls scikit-learn for each event scores {1e6 / self.library_single:,.0f} a second on one core "
            "at the most"
        )


def measure_one_by_one() -> OneByOne:
    """Fit the model that is served, on vectors without a meaning, and ask both ways."""
    drawn = np.random.default_rng(SEED)
    vectors = drawn.normal(size=(ROWS, FEATURE_COUNT))
    fraud = np.zeros(ROWS, np.bool_)
    fraud[np.argsort(vectors[:, :5].sum(axis=1) + drawn.normal(size=ROWS))[-FRAUDS:]] = True
    (recipe, *_) = recipes_of((Family(MODEL),))
    estimator = recipe.fit(vectors, fraud, seed=SEED)
    model = recipe.model(estimator, fraud, slice(0, ROWS))
    batch = vectors[:AT_ONCE]

    def library(rows: Floats) -> Floats:
        return estimator.predict_proba(rows)

    def walker(rows: Floats) -> Floats:
        return score(model, rows, top=0).probability

    return OneByOne(
        *(_single(ask, vectors) for ask in (library, walker)), *(_batch(ask, batch) for ask in (library, walker))
    )


def _single(ask: Callable[[Floats], Floats], vectors: Floats) -> float:
    return float(np.median([_seconds(ask, vectors[row : row + 1]) for row in range(ASKED)])) * 1e6


def _batch(ask: Callable[[Floats], Floats], batch: Floats) -> float:
    return min(_seconds(ask, batch) for _ in range(3)) / len(batch) * 1e6


def _seconds(ask: Callable[[Floats], Floats], rows: Floats) -> float:
    begun = time.perf_counter()
    ask(rows)
    return time.perf_counter() - begun
