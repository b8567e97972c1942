"""What became of each record of the log: exactly one of scored, quarantined, repeat, or still in flight."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from fraudstream.features.events import Bytes, Codes, Ints
from fraudstream.ports.ledger import Bools, StoredBodies, StoredQuarantine, StoredScores
from fraudstream.verify.log_range import LogRange

CONFLICT = "conflicting_id"


class Fate(IntEnum):
    """Where a record ended; `UNACCOUNTED` is the one that must not be."""

    UNACCOUNTED = 0
    SCORED = 1
    QUARANTINED = 2
    REPEAT = 3
    IN_FLIGHT = 4


@dataclass(frozen=True)
class Settlement:
    """Fates of the `n` records of a range, and what is wrong with the rows that are stored for it.

    `fate` is (n,), `row` (n,) the scored row of each record or -1. The others are offsets: `phantom` rows whose
    record isn't in the log, records both scored and quarantined (`twice`), scored rows that say something else
    than their record (`altered`), and records quarantined for another reason than their own (`misjudged`).
    """

    fate: Codes
    row: Ints
    phantom: Ints
    twice: Ints
    altered: Ints
    misjudged: Ints


def settle(log: LogRange, scores: StoredScores, quarantine: StoredQuarantine, *, position: int) -> Settlement:
    """Hold the rows stored for a range against its records, without knowledge of other ranges.

    Repeats come out as `UNACCOUNTED` here, and a conflict is believed; `settle_ids` decides on both.
    """
    at, present = _places(log.offset, scores.offset)
    same = present & _same_body(log, at, scores)
    row = np.full(len(log), -1, np.int64)
    row[at[same]] = np.flatnonzero(same)
    judged, judged_present = _places(log.offset, quarantine.offset)
    fate = np.where(log.offset >= position, Fate.IN_FLIGHT, Fate.UNACCOUNTED).astype(np.int16)
    fate[judged[judged_present]] = Fate.QUARANTINED
    fate[row >= 0] = Fate.SCORED
    return Settlement(
        fate=fate,
        row=row,
        phantom=np.concatenate([scores.offset[~same], quarantine.offset[~judged_present]]),
        twice=np.intersect1d(log.offset[row >= 0], quarantine.offset),
        altered=scores.offset[same][_altered(log, at[same], scores, np.flatnonzero(same))],
        misjudged=_misjudged(log, judged[judged_present], quarantine, np.flatnonzero(judged_present)),
    )


def undecided(log: LogRange, settlement: Settlement, quarantine: StoredQuarantine) -> Bytes:
    """Ids (k, 16) that `settle_ids` has to look up: of possible repeats and of conflicts."""
    open_ends = log.readable & ((settlement.fate == Fate.UNACCOUNTED) | _conflicts(log, quarantine))
    ids: Bytes = log.transaction_id[open_ends]
    return ids


def settle_ids(log: LogRange, settlement: Settlement, quarantine: StoredQuarantine, stored: StoredBodies) -> Settlement:
    """Decide on repeats and conflicts by where their ids are stored.

    A repeat is a record whose payment is stored with the same body, for another place: its own has no row. A
    conflict is one whose id is stored with another body.
    """
    bodies: dict[bytes, list[int]] = {}
    for row, body in enumerate(stored.body_hash.tolist()):
        bodies.setdefault(stored.transaction_id[row].tobytes(), []).append(body)
    fate = settlement.fate.copy()
    misjudged = settlement.misjudged.tolist()
    conflicts = _conflicts(log, quarantine)
    for index in np.flatnonzero(log.readable & ((fate == Fate.UNACCOUNTED) | conflicts)).tolist():
        same = [body == log.body_hash[index] for body in bodies.get(log.transaction_id[index].tobytes(), [])]
        if conflicts[index]:
            if all(same):
                misjudged.append(int(log.offset[index]))
        elif any(same):
            fate[index] = Fate.REPEAT
    return Settlement(
        fate=fate,
        row=settlement.row,
        phantom=settlement.phantom,
        twice=settlement.twice,
        altered=settlement.altered,
        misjudged=np.array(sorted(misjudged), np.int64),
    )


def _places(log: Ints, stored: Ints) -> tuple[Ints, Bools]:
    """The index of each stored offset in ascending log offsets, and whether it is there."""
    at = np.minimum(np.searchsorted(log, stored), max(len(log) - 1, 0)).astype(np.int64)
    present = np.zeros(len(stored), np.bool_) if not len(log) else log[at] == stored
    return at, present


def _same_body(log: LogRange, at: Ints, scores: StoredScores) -> Bools:
    if not len(log):
        return np.zeros(len(at), np.bool_)
    same_id = (log.transaction_id[at] == scores.transaction_id).all(axis=1)
    same: Bools = log.readable[at] & (log.body_hash[at] == scores.body_hash) & same_id
    return same


def _altered(log: LogRange, at: Ints, scores: StoredScores, row: Ints) -> Bools:
    altered: Bools = (
        (log.user_id[at] != scores.user_id[row])
        | (log.event_time[at] != scores.event_time[row])
        | (log.amount[at] != scores.amount[row])
        | (log.log_time[at] != scores.log_time[row])
    )
    return altered


def _misjudged(log: LogRange, at: Ints, quarantine: StoredQuarantine, row: Ints) -> Ints:
    wrong = [
        int(log.offset[index])
        for index, item in zip(at.tolist(), row.tolist(), strict=True)
        if quarantine.reason[item] != (log.reason[index] or CONFLICT)
    ]
    return np.array(wrong, np.int64)


def _conflicts(log: LogRange, quarantine: StoredQuarantine) -> Bools:
    claimed = [
        offset
        for offset, reason in zip(quarantine.offset.tolist(), quarantine.reason, strict=True)
        if reason == CONFLICT
    ]
    conflicts: Bools = log.readable & np.isin(log.offset, np.array(claimed, np.int64))
    return conflicts
