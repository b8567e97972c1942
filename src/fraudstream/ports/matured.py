"""The port of the gate: payments that two models scored, and what has become known of them since.

`adapters.database.matured_scores` and `adapters.memory_matured` implement it; `tests/ports/test_matured_scores.py`
holds both to the same contract.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Floats, Ints

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Window:
    """Payments with `begin <= event_time < end`, as known at `as_of`; seconds since 1970 UTC of the payments' time."""

    begin: float
    end: float
    as_of: float


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """`n` payments with the probabilities that champion and challenger gave them, all (n,).

    `fraud` is what the newest label says that had arrived by `Window.as_of`; without one a payment counts as genuine.
    `amount` is in units of the currency.
    """

    champion: Floats
    challenger: Floats
    fraud: Bools
    user_id: Ints
    amount: Floats

    def __len__(self) -> int:
        """Number of payments."""
        return len(self.user_id)

    def take(self, rows: Bools | slice) -> "ScoredPairs":
        """The payments at `rows`."""
        return ScoredPairs(*(getattr(self, column.name)[rows] for column in fields(self)))


class MaturedScores(Protocol):
    """Stored scores and shadow scores of the same payments, with their labels.

    Every call raises `TemporarilyUnavailable` if the store does not answer.
    """

    def as_of(self) -> float | None:
        """How far the payments' own time has come, in seconds since 1970 UTC; nothing before the first payment.

        It is the median of the latest slices, so that no single payment with a wrong time moves it.
        """
        ...

    def pairs(self, champion: str, challenger: str, window: Window) -> Iterator[ScoredPairs]:
        """The payments of a window that both models scored, known by the SHA-256 of their artefacts; in batches.

        The order means nothing. No more than a batch is held in memory.
        """
        ...
