"""Rows of state that are found by an id and come into being as zeros when their id is first met."""

import numpy as np

from fraudstream.features.events import Floats, Ints


class KeyedRows:
    """`values` is (capacity, width), at least as many rows as there are ids; more than those hold zeros.

    Rows stand in the order in which their ids were met, so a row number stays good for ever, while the array behind
    `values` is another one after `rows_of` has met new ids.

    Args:
        width: slots of a row.
        reserved: rows in front that belong to no id.
    """

    def __init__(self, width: int, *, reserved: int = 0) -> None:
        self.values = np.zeros((reserved, width))
        self._ids = np.empty(0, np.int64)
        self._rows = np.empty(0, np.int64)
        self._next = reserved

    def rows_of(self, ids: Ints) -> Ints:
        """The row of each id (n,), new where an id is new."""
        if not len(ids):
            return np.empty(0, np.int64)
        self._meet(np.unique(ids))
        return self._rows[np.searchsorted(self._ids, ids)]

    def by_id(self) -> tuple[Ints, Floats]:
        """All ids ascending (k,), and a copy of their rows (k, width)."""
        return self._ids.copy(), self.values[self._rows]

    def _meet(self, asked: Ints) -> None:
        place = np.minimum(np.searchsorted(self._ids, asked), max(len(self._ids) - 1, 0))
        new = asked if not len(self._ids) else asked[self._ids[place] != asked]
        if not len(new):
            return
        ids = np.concatenate([self._ids, new])
        rows = np.concatenate([self._rows, self._next + np.arange(len(new))])
        order = np.argsort(ids, kind="stable")
        self._ids, self._rows = ids[order], rows[order]
        self._next += len(new)
        if self._next > len(self.values):
            grown = np.zeros((max(self._next, 2 * len(self.values)), self.values.shape[1]))
            grown[: len(self.values)] = self.values
            self.values = grown
