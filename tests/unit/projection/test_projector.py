"""Everything committed is copied once, whatever is repeated, lost or done by two at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ports.test_score_table import PLACE, a_score

from fraudstream.adapters.memory_score_copies import MemoryCommittedScores, MemoryScoreTable
from fraudstream.clock import ManualClock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import COPIED, COPIES_BEHIND
from fraudstream.ports.score_copies import MOST_AT_ONCE, CommittedScore, LogPlace
from fraudstream.projection.projector import IDLE, Projector

OTHER = LogPlace(PLACE.topic_id, 1)


@dataclass
class UnreliableTable(MemoryScoreTable):
    """Fails before a write, or after it, or lets somebody else write first, as often as it is told to."""

    troubles: list[str] = field(default_factory=list)

    def put(self, place: LogPlace, scores: Sequence[CommittedScore], *, first: int, end: int) -> bool:
        trouble = self.troubles.pop() if self.troubles else "none"
        if trouble == "before":
            raise TemporarilyUnavailable("the request was lost")
        if trouble == "another":
            super().put(place, scores[:1], first=first, end=scores[0].offset + 1 if scores else end)
        done = super().put(place, scores, first=first, end=end)
        if trouble == "after":
            raise TemporarilyUnavailable("the answer was lost")
        return done


def committed(offsets: Sequence[int], end: int, place: LogPlace = PLACE) -> MemoryCommittedScores:
    return MemoryCommittedScores({place: [a_score(offset) for offset in offsets]}, {place: end})


@given(
    offsets=st.sets(st.integers(0, 600), max_size=350).map(sorted),
    beyond=st.integers(0, 50),
    troubles=st.lists(st.sampled_from(["before", "after", "another", "none"]), max_size=12),
)
def test_all_of_it_and_nothing_else(offsets: list[int], beyond: int, troubles: list[str]) -> None:
    end = (offsets[-1] + 1 if offsets else 0) + beyond
    source, table, clock = committed(offsets, end), UnreliableTable(troubles=troubles), ManualClock()
    for _ in range(40):
        try:
            Projector(source, table, clock).step()
        except TemporarilyUnavailable:
            continue

    assert sorted(score.offset for score in table.copies.values()) == offsets
    assert table.position(PLACE) == end


def test_partitions_take_turns_and_nothing_is_waited_for_while_there_is_more() -> None:
    source = committed(range(150), 150)
    source.log[OTHER] = [a_score(1_000 + offset) for offset in range(5)]
    source.committed[OTHER] = 1_005
    table, clock = MemoryScoreTable(), ManualClock()
    projector = Projector(source, table, clock)

    assert projector.step() == MOST_AT_ONCE + 5
    assert (table.position(PLACE), table.position(OTHER)) == (MOST_AT_ONCE, 1_005)
    assert projector.step() == 150 - MOST_AT_ONCE
    assert clock.slept == []
    assert projector.step() == 0
    assert clock.slept == [IDLE]


def test_what_is_not_committed_is_not_copied() -> None:
    source = committed(range(10), 4)
    table = MemoryScoreTable()
    Projector(source, table, ManualClock()).step()

    assert len(table.copies) == 4


def test_trouble_is_told() -> None:
    table = UnreliableTable(troubles=["before"])

    with pytest.raises(TemporarilyUnavailable, match="lost"):
        Projector(committed([0], 1), table, ManualClock()).step()


def test_what_is_copied_and_what_is_left_is_told() -> None:
    board = Board("dynamodb-projector")
    source = committed(range(MOST_AT_ONCE + 5), MOST_AT_ONCE + 5)
    projector = Projector(source, MemoryScoreTable(), ManualClock(), board)
    projector.step()
    left = board.value(COPIES_BEHIND)
    projector.step()

    assert (left, board.value(COPIES_BEHIND)) == (5, 0)
    assert board.value(COPIED) == MOST_AT_ONCE + 5
