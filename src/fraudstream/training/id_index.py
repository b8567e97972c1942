"""Which row of a history a transaction has: an index that grows, of 24 bytes for each."""

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Bytes, Ints

Words = npt.NDArray[np.uint64]

UNKNOWN = -1
_ODD = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio, which spreads the bits of whatever it is multiplied with."""


class IdIndex:
    """Rows by transaction id.

    Ids are looked up by 64 bits that depend on all of them, and compared in full. They stand in sorted runs, each at
    least twice as long as the next, so that there are few.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Words, Words, Ints]] = []
        self._count = 0

    def __len__(self) -> int:
        """Number of ids; the next one has this row."""
        return self._count

    def add(self, ids: Bytes) -> Ints:
        """Enter new ids (n, 16), in the order of their rows.

        Returns:
            Places among `ids` that hold an id which was entered before, or stands among them before; ascending. Then
            nothing was entered.
        """
        key, rest = _words(ids)
        order = np.lexsort((np.arange(len(key)), rest, key))
        again = (key[order][1:] == key[order][:-1]) & (rest[order][1:] == rest[order][:-1])
        known = np.flatnonzero(self.rows_of(ids) != UNKNOWN)
        twice = np.unique(np.concatenate([order[1:][again], known]))
        if len(twice) or not len(ids):
            return twice.astype(np.int64)
        run = (key[order], rest[order], self._count + order)
        self._count += len(ids)
        while self._runs and len(self._runs[-1][0]) < 2 * len(run[0]):
            run = _merged(self._runs.pop(), run)
        self._runs.append(run)
        return twice.astype(np.int64)

    def rows_of(self, ids: Bytes) -> Ints:
        """The row of each id (n, 16), `UNKNOWN` if it has none."""
        key, rest = _words(ids)
        found = np.full(len(key), UNKNOWN, np.int64)
        for keys, rests, rows in self._runs:
            place = np.searchsorted(keys, key, side="left")
            open_ = np.flatnonzero(found == UNKNOWN)
            while len(open_):
                at = place[open_]
                inside = at < len(keys)
                open_, at = open_[inside], at[inside]
                same = keys[at] == key[open_]
                open_, at = open_[same], at[same]
                hit = rests[at] == rest[open_]
                found[open_[hit]] = rows[at[hit]]
                open_ = open_[~hit]
                place[open_] += 1
        return found


def _words(ids: Bytes) -> tuple[Words, Words]:
    """64 bits to look up by, and 64 that with those make the whole id."""
    halves = np.ascontiguousarray(ids).view(np.uint64).reshape(-1, 2)
    return halves[:, 0] ^ (halves[:, 1] * _ODD), halves[:, 1].copy()


def _merged(one: tuple[Words, Words, Ints], other: tuple[Words, Words, Ints]) -> tuple[Words, Words, Ints]:
    key, rest, row = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    order = np.argsort(key, kind="stable")
    return key[order], rest[order], row[order]
