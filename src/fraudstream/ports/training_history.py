"""The ports of a training on the log: payments with the vectors they were scored by, and what became known of them.

`adapters.database.training_history`, `adapters.archived_history` and `adapters.memory_training_history` implement the
first, `adapters.database.known_frauds` and `adapters.memory_matured` the second; `tests/ports/test_training_history.py`
holds all of them to the same contract.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Bytes, Floats
from fraudstream.ports.matured import Bools, Window


@dataclass(frozen=True, slots=True)
class PastPayments:
    """`n` scored payments; `fraud` is what the newest label says that had arrived by the window's `as_of`.

    `event_time` (n,) is in seconds since 1970 UTC, `amount` (n,) in units of the currency; `features` (n, F) are the
    stored vectors.
    """

    event_time: Floats
    amount: Floats
    features: Floats
    fraud: Bools

    def __len__(self) -> int:
        """Number of payments."""
        return len(self.event_time)

    def take(self, rows: npt.NDArray[np.integer] | Bools | slice) -> "PastPayments":
        """The payments at `rows`, in this order."""
        return PastPayments(*(getattr(self, column.name)[rows] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class Extent:
    """How many payments a window has, and how many of them are known as fraud."""

    payments: int
    frauds: int


class TrainingHistory(Protocol):
    """Everything that was scored on this program's feature catalogue.

    Every call raises `TemporarilyUnavailable` if the store does not answer.
    """

    def as_of(self) -> float | None:
        """How far the payments' own time has come, see `MaturedScores.as_of`."""
        ...

    def extent(self, window: Window) -> Extent:
        """What a window holds."""
        ...

    def payments(self, window: Window, *, every: int = 1, every_fraud: int = 1) -> Iterator[PastPayments]:
        """The payments of a window in batches: about one in `every` of them, of those known as fraud in `every_fraud`.

        Which ones depends on nothing but their place in the log. The order means nothing. No more than a batch is held
        in memory.
        """
        ...


class KnownFrauds(Protocol):
    """What the labels say, for payments that are read from elsewhere."""

    def frauds(self, transaction_ids: Bytes, as_of: float) -> Bools:
        """Which payments are fraud, by the newest label of each that had arrived by `as_of`, seconds since 1970 UTC.

        Args:
            transaction_ids: ids (n, 16), some thousands at the most.
            as_of: of the payments' own time.

        Returns:
            (n,); a payment without a label counts as genuine.

        Raises:
            TemporarilyUnavailable: the store did not answer.
            ConfigurationError: we may not read it.
        """
        ...
