"""The port of backtests: what was scored, as it was seen then, and what is known of it now.

`adapters.database.scored_history` and `adapters.memory_scored_history` implement it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from fraudstream.features.events import Codes, Floats
from fraudstream.ports.slices import Deployment


@dataclass(frozen=True, slots=True)
class Days:
    """Payments with `begin <= event_time < end`, in seconds since 1970 UTC; infinite where nothing bounds them."""

    begin: float = float("-inf")
    end: float = float("inf")


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model version that is or was at work or on trial here, by the SHA-256 of its artefact."""

    version: str
    digest: str
    threshold: float
    catalogue_version: int


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """`n` scored payments in the recorded order.

    `event_time` (n,) is in seconds since 1970 UTC, `amount` (n,) in units of the currency; `features` (n, F) are the
    stored vectors, NaN throughout where one is not of the catalogue's width. `outcome` (n,) is 1 for fraud, 0 for
    genuine, `UNLABELLED` where no label has a turn.
    """

    event_time: Floats
    amount: Floats
    features: Floats
    outcome: Codes

    def __len__(self) -> int:
        """Number of payments."""
        return len(self.event_time)


class HistorySnapshot(Protocol):
    """One consistent view of what was scored."""

    def active(self) -> Deployment | None:
        """The model at work."""
        ...

    def model(self, version: str) -> StoredModel | None:
        """The newest deployment of a version, or its newest trial; nothing if it never was here."""
        ...

    def artefact(self, digest: str) -> bytes:
        """The scoring artefact with this SHA-256.

        Raises:
            ModelUnavailable: it is not stored.
        """
        ...

    def count(self, catalogue_version: int, days: Days) -> int:
        """How many payments `walk` will give."""
        ...

    def walk(self, catalogue_version: int, days: Days) -> Iterator[ScoredBatch]:
        """The payments that were scored on a catalogue version, in the recorded order: by slice, then by offset.

        No more than a batch is held in memory.
        """
        ...


class ScoredHistory(Protocol):
    """Everything that was ever scored."""

    def snapshot(self) -> AbstractContextManager[HistorySnapshot]:
        """Begin to read; all of it is of one moment.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...
