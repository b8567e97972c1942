"""What the driver knows of the stream, told to Prometheus; the hot path is asked nothing."""

import ast
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fraudstream.clock import Clock
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import (
    FAILING,
    FAILURES,
    SCORER_BEHIND,
    SCORER_EPOCH,
    SCORER_MOVED_AT,
    SCORER_RECORDS,
    SCORER_STANDS_STILL,
    SCORER_TRIGGER,
    SCORER_TRIGGERS,
)


@dataclass
class ScorerFigures:
    """Shows one run; `positions` are those it began with, next offsets by partition."""

    board: Board
    clock: Clock
    positions: dict[int, int] = field(default_factory=dict)
    _finished: int | None = None

    def begin(self, epoch: int, positions: Mapping[int, int]) -> None:
        """A run begins where the last one ended."""
        self.positions = dict(positions)
        self.board.set(SCORER_EPOCH, epoch)
        self.board.set(SCORER_MOVED_AT, self.clock.now())
        self.standing_still(problem=False)

    def standing_still(self, *, problem: bool) -> None:
        """Positions stand still for a reason, or move again."""
        self.board.count(FAILURES, 1 if problem else 0)
        self.board.set(FAILING, int(problem))
        self.board.set(SCORER_STANDS_STILL, int(problem))

    def show(self, positions: Mapping[int, int], progress: Mapping[str, Any] | None) -> None:
        """Show where scoring stands.

        Args:
            positions: the committed next offset of each partition.
            progress: Spark's report of the last finished trigger, if there is one.
        """
        moved = sum(max(offset - self.positions.get(partition, 0), 0) for partition, offset in positions.items())
        if moved:
            self.board.count(SCORER_RECORDS, moved)
            self.board.set(SCORER_MOVED_AT, self.clock.now())
        self.positions = {**self.positions, **positions}
        if progress is None:
            return
        self._count_triggers(int(progress["batchId"]))
        if (took := progress.get("durationMs", {}).get("triggerExecution")) is not None:
            self.board.set(SCORER_TRIGGER, took / 1_000)
        if (ends := _ends(progress)) is not None:
            behind = (max(end - self.positions.get(partition, 0), 0) for partition, end in ends.items())
            self.board.set(SCORER_BEHIND, sum(behind))

    def _count_triggers(self, finished: int) -> None:
        """Triggers are numbered from zero."""
        before = -1 if self._finished is None else self._finished
        self.board.count(SCORER_TRIGGERS, max(finished - before, 0))
        self._finished = finished


def _ends(progress: Mapping[str, Any]) -> dict[int, int] | None:
    """The end of each partition, as Spark saw it when it planned the trigger; nothing where it can't be read.

    PySpark gives Spark's JSON as the text of a Python dictionary.
    """
    with contextlib.suppress(ValueError, SyntaxError, LookupError, AttributeError, TypeError):
        (source,) = progress["sources"]
        by_topic = ast.literal_eval(source["latestOffset"])
        return {int(partition): int(end) for ends in by_topic.values() for partition, end in ends.items()}
    return None
