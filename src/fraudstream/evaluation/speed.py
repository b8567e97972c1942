"""How fast a model scores, on one core."""

import time

from fraudstream.evaluation.steps import Timer
from fraudstream.features.events import Floats
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import score

SERVING_RATE = 200_000
"""Payments a second and core that a model must reach to be served."""
ROWS, REPEATS = 50_000, 5


def rows_per_second(model: ScoringModel, vectors: Floats, *, timer: Timer = time.thread_time) -> float:
    """Payments a second that the walker scores as the scorer does, in one batch of vectors (n, F); best of several.

    `timer` counts processor time of this thread, which a busy machine doesn't take away.
    """
    batch = vectors[:ROWS]
    score(model, batch, top=0)  # the first time, code is compiled and trees are laid out
    taken = []
    for _ in range(REPEATS):
        begun = timer()
        score(model, batch, top=0)
        taken.append(timer() - begun)
    return len(batch) / max(min(taken), 1e-9)
