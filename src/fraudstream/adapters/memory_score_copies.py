"""`ScoreTable` and `CommittedScores` in memory; the table is held to the same suite as the real one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from fraudstream.ports.score_copies import CommittedScore, LogPlace


@dataclass
class MemoryScoreTable:
    """Copies by id, and positions."""

    copies: dict[uuid.UUID, CommittedScore] = field(default_factory=dict)
    positions: dict[LogPlace, int] = field(default_factory=dict)

    def position(self, place: LogPlace) -> int:
        """See `ScoreTable.position`."""
        return self.positions.get(place, 0)

    def put(self, place: LogPlace, scores: Sequence[CommittedScore], *, first: int, end: int) -> bool:
        """See `ScoreTable.put`."""
        if self.position(place) != first:
            return False
        self.copies |= {score.transaction_id: score for score in scores}
        self.positions[place] = end
        return True


@dataclass
class MemoryCommittedScores:
    """Scores of each partition in log order, and where each ends."""

    log: dict[LogPlace, list[CommittedScore]] = field(default_factory=dict)
    committed: dict[LogPlace, int] = field(default_factory=dict)

    def ends(self) -> dict[LogPlace, int]:
        """See `CommittedScores.ends`."""
        return dict(self.committed)

    def scores(self, place: LogPlace, first: int, end: int, most: int) -> Sequence[CommittedScore]:
        """See `CommittedScores.scores`."""
        return [score for score in self.log.get(place, []) if first <= score.offset < end][:most]
