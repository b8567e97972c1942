"""Stored scores and vectors against the oracle's, bit for bit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fraudstream.features.events import Floats, Ints, columns_of
from fraudstream.features.label_history import rows_of
from fraudstream.ports.ledger import Bools, LedgerSlices, LedgerSnapshot, StoredScores, StoredVectors
from fraudstream.verify.fates import Fate, Settlement
from fraudstream.verify.findings import Findings
from fraudstream.verify.log_range import LogRange
from fraudstream.verify.oracle import Expected, Oracle

MISMATCHED = "mismatched"


@dataclass(frozen=True)
class SettledRange:
    """A range of the log with what is stored for it; `slice_row` (n,) is each record's slice in its window, or -1."""

    log: LogRange
    scores: StoredScores
    settlement: Settlement
    slice_row: Ints


@dataclass
class Recomputation:
    """Feeds the oracle window by window and counts what differs.

    A payment that was lost moves the oracle's state too: it should have been scored.
    """

    oracle: Oracle
    ledger: LedgerSnapshot
    topic_id: str
    findings: Findings
    _last_slice: Ints = field(init=False)

    def __post_init__(self) -> None:
        self._last_slice = np.zeros(len(self.oracle.users), np.int64)

    def take(self, ranges: Sequence[SettledRange], slices: LedgerSlices) -> None:
        """Recompute the chosen customers' payments of one window."""
        chosen = [self._chosen(item) for item in ranges]
        parsed = [item.log.parsed[row] for item, rows in zip(ranges, chosen, strict=True) for row in rows.tolist()]
        payments = [payment for payment in parsed if payment is not None]
        if not payments:
            return
        pairs = list(zip(ranges, chosen, strict=True))
        slice_row = np.concatenate([item.slice_row[rows] for item, rows in pairs])
        offset = np.concatenate([item.log.offset[rows] for item, rows in pairs])
        label_seq, slice_id = slices.label_seq[slice_row], slices.slice_id[slice_row]
        order = np.lexsort((offset, slice_id, label_seq))
        events = columns_of(payments).take(order)
        ordered = self.oracle.replay(events, label_seq[order], slices.deployment_id[slice_row][order])
        self._check_order(events.user_id, slice_id[order])
        expected = _back(ordered, order)
        start = 0
        for item, rows in pairs:
            self._compare(item, rows, _part(expected, slice(start, start + len(rows))))
            start += len(rows)

    def _chosen(self, item: SettledRange) -> Ints:
        known = rows_of(self.oracle.users, item.log.user_id) < len(self.oracle.users)
        moved = (item.settlement.fate == Fate.SCORED) | (item.settlement.fate == Fate.UNACCOUNTED)
        return np.flatnonzero(item.log.readable & known & moved & (item.slice_row >= 0))

    def _compare(self, item: SettledRange, rows: Ints, expected: Expected) -> None:
        if not len(rows):
            return
        log = item.log
        stored = item.settlement.row[rows]
        kept = (stored >= 0) & expected.known
        at = stored[kept]
        first, end = int(log.offset[0]), int(log.offset[-1]) + 1
        vectors = self.ledger.vectors(self.topic_id, log.partition, first, end, self.oracle.users)
        wrong_vector = self._wrong_vectors(vectors, log.offset[rows][kept], expected.features[kept])
        wrong = (
            wrong_vector
            | (item.scores.score[at] != expected.score[kept])
            | (item.scores.alert[at] != expected.alert[kept])
        )
        self.findings.mismatch_checked += int(kept.sum())
        self.findings.mismatched += int(wrong.sum())
        self.findings.name_places(MISMATCHED, log.partition, log.offset[rows][kept][wrong])

    def _wrong_vectors(self, stored: StoredVectors, offset: Ints, expected: Floats) -> Bools:
        found = np.full_like(expected, np.nan)
        there = np.isin(offset, stored.offset)
        found[there] = stored.features[np.searchsorted(stored.offset, offset[there])]
        difference = np.nan_to_num(np.abs(found - expected), nan=0.0)
        self.findings.max_abs_difference = max(self.findings.max_abs_difference, float(difference.max(initial=0.0)))
        differ: Bools = (np.ascontiguousarray(found).view(np.int64) != expected.view(np.int64)).any(axis=1)
        return differ

    def _check_order(self, user_id: Ints, slice_id: Ints) -> None:
        """A customer's slices must follow one another in the order of their labels, or there is no recorded order."""
        by_user = np.argsort(user_id, kind="stable")
        user, of = rows_of(self.oracle.users, user_id[by_user]), slice_id[by_user]
        before = np.append(self._last_slice[user[:1]], of[:-1])
        starts = np.append(np.True_, user[1:] != user[:-1])
        before[starts] = self._last_slice[user[starts]]
        broken = of < before
        self.findings.mismatched += int(broken.sum())
        self.findings.name(MISMATCHED, (f"customer {key} out of order" for key in user_id[by_user][broken].tolist()))
        np.maximum.at(self._last_slice, user, of)


def _back(ordered: Expected, order: Ints) -> Expected:
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return _part(ordered, place)


def _part(expected: Expected, index: Ints | slice) -> Expected:
    return Expected(expected.features[index], expected.score[index], expected.alert[index], expected.known[index])
