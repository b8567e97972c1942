"""The projector: what is committed and not copied yet is copied, partition by partition, in log order."""

from dataclasses import dataclass

from fraudstream.clock import Clock
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import COPIED, COPIES_BEHIND
from fraudstream.ports.score_copies import MOST_AT_ONCE, CommittedScores, LogPlace, ScoreTable

IDLE = 0.5
"""Seconds between two looks where nothing is left to copy."""


@dataclass
class Projector:
    """Copies committed scores into a table, which itself keeps how far that got: a restart begins there."""

    committed: CommittedScores
    table: ScoreTable
    clock: Clock
    board: Board | None = None

    def step(self) -> int:
        """Copy one write's worth of each partition; returns how many scores, and waits a little if none was left.

        Raises:
            ConfigurationError: there is no such table, or it may not be used.
            TemporarilyUnavailable: database or table did not answer; nothing is lost, and the next step goes on.
        """
        copied, moved, behind = 0, False, 0
        for place, end in self.committed.ends().items():
            count, left = self._copy(place, end)
            copied, moved, behind = copied + (count or 0), moved or count is not None, behind + left
        if self.board is not None:
            self.board.count(COPIED, copied)
            self.board.set(COPIES_BEHIND, behind)
        if not moved:
            self.clock.sleep(IDLE)
        return copied

    def _copy(self, place: LogPlace, end: int) -> tuple[int | None, int]:
        """How many scores were copied, or nothing where none was waiting; and how many records are left."""
        first = self.table.position(place)
        if first >= end:
            return None, 0
        scores = self.committed.scores(place, first, end, MOST_AT_ONCE)
        reached = scores[-1].offset + 1 if len(scores) == MOST_AT_ONCE else end
        copied = self.table.put(place, scores, first=first, end=reached)
        return (len(scores), end - reached) if copied else (0, end - first)
