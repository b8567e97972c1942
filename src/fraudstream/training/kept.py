"""The payments of a history that are kept: a growing table of vectors that is thinned in place."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import EventColumns, Floats, Ints, joined

Bools = npt.NDArray[np.bool_]
GROWTH = 1.2
MOVED_AT_ONCE = 65_536
"""Rows that are moved at a time, so that thinning takes no second table."""


@dataclass
class KeptPayments:
    """`row` (n,), ascending, is the place of each in the history; `scenario` (n,) as in `PastPart`."""

    row: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    scenario: npt.NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    _events: list[EventColumns] = field(default_factory=list)
    _vectors: Floats = field(default_factory=lambda: np.empty((0, FEATURE_COUNT)))

    def __len__(self) -> int:
        """How many are kept."""
        return len(self.row)

    @property
    def events(self) -> EventColumns:
        """The payments."""
        if len(self._events) != 1:
            self._events = [joined(self._events)]
        return self._events[0]

    @property
    def vectors(self) -> Floats:
        """Their vectors (n, FEATURE_COUNT), a view of the table."""
        return self._vectors[: len(self)]

    def add(self, row: Ints, events: EventColumns, scenario: npt.NDArray[np.int8], vectors: Floats) -> None:
        """Keep more, which come after all others."""
        begin, end = len(self), len(self) + len(row)
        if end > len(self._vectors):
            # Grown by the system's own means, which moves pages instead of copying them.
            self._vectors.resize((max(end, int(GROWTH * len(self._vectors))), FEATURE_COUNT), refcheck=False)
        self._vectors[begin:end] = vectors
        self.row = np.concatenate([self.row, row])
        self.scenario = np.concatenate([self.scenario, scenario])
        self._events.append(events)

    def thin(self, keep: Bools) -> None:
        """Let all go but those with `keep` (n,)."""
        count, place = len(self), 0
        for begin in range(0, count, MOVED_AT_ONCE):
            rows = slice(begin, min(begin + MOVED_AT_ONCE, count))
            moved = self._vectors[rows][keep[rows]]
            self._vectors[place : place + len(moved)] = moved
            place += len(moved)
        self._events = [self.events.take(keep)]
        self.row, self.scenario = self.row[keep], self.scenario[keep]
