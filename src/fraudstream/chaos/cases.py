"""Which boundaries of a slice are interrupted, at which hits, and how."""

from collections.abc import Mapping
from dataclasses import dataclass

from fraudstream.chaos.failpoints import Action, Failpoint, places

ROUND = 5
"""Slices of one worker that a case looks at: it interrupts the first, the middle one or the last."""
DEATH = Failpoint("before slices.open", 1, Action.EXIT)
FAILURE = Failpoint("before slices.open.write", 1, Action.RAISE)
UNDOING = "before undoing slices.open"
ACTIONS = (Action.EXIT, Action.RAISE)


@dataclass(frozen=True, slots=True)
class Case:
    """One boundary interrupted at one hit; `after` comes first, so that it is hit at all."""

    boundary: str
    hit: int
    action: Action
    after: tuple[Failpoint, ...] = ()

    @property
    def points(self) -> tuple[Failpoint, ...]:
        """What is armed, in order."""
        return (*self.after, Failpoint(self.boundary, self.hit, self.action))

    def __str__(self) -> str:
        """As it is told."""
        return f"{self.action} {self.boundary}, hit {self.hit}"


def cases(hits: Mapping[str, int]) -> list[Case]:
    """Every boundary x (first, middle, last hit of a round) x (exit, raise).

    Args:
        hits: how often each boundary was hit since the workers began; what was hit less than a round is hit by a new
            worker alone, as the reading of a model is, so one has to die before.
    """
    often = {name: ROUND for name, count in hits.items() if count >= ROUND and name != UNDOING}
    rare = [name for name, count in hits.items() if count < ROUND and name != UNDOING]
    return [
        *(Case(name, hit, action) for action in ACTIONS for name, hit in places(often)),
        *(Case(name, 1, action, (DEATH,)) for action in ACTIONS for name in rare),
        *(Case(UNDOING, 1, action, (FAILURE,)) for action in ACTIONS),
    ]
