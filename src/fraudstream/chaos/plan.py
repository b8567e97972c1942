"""Which faults a run makes, and in which order: a function of its seed alone."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Kind(StrEnum):
    """What is done."""

    KILL = "kill"
    """`kill -9`, without warning."""
    PAUSE = "pause"
    """Stopped for some seconds in the middle of its work, and continued."""
    RESTART = "restart"
    """Asked to stop, and started again."""
    RESET = "reset"
    """Connections torn down, again and again."""
    DELAY = "delay"
    """Every answer late."""
    OUTAGE = "outage"
    """Not reachable."""
    SWAP = "swap"
    """Another model takes over in mid-flight."""
    LOSE = "lose"
    """Deleted, and its owner killed."""
    FILL = "fill"
    """No space left."""
    SUPERSEDE = "supersede"
    """A second one takes over while it sleeps; then it wakes."""
    STORM = "storm"
    """Far more at once than usual."""


@dataclass(frozen=True)
class Fault:
    """One thing that is done to one part of the stack."""

    kind: Kind
    target: str

    def __str__(self) -> str:
        """As it is counted and told."""
        return f"{self.kind} {self.target}"


KILLED = (
    "scorer",
    "kafka",
    "postgres",
    "worker",
    "alert-relay",
    "lambda-trigger",
    "label-applier",
    "inbox",
    "producer",
    "aws",
    "mlflow",
)
"""What is killed, in the order in which a short run must have killed it. `worker` is one Python worker of Spark; the
function that notifies dies with its trigger."""
OTHERS: Sequence[Fault] = (
    Fault(Kind.PAUSE, "scorer"),
    Fault(Kind.RESTART, "scorer"),
    Fault(Kind.RESET, "database"),
    Fault(Kind.SUPERSEDE, "scorer"),
    Fault(Kind.LOSE, "checkpoint"),
    Fault(Kind.PAUSE, "kafka"),
    Fault(Kind.PAUSE, "postgres"),
    Fault(Kind.OUTAGE, "aws"),
    Fault(Kind.SWAP, "model"),
    Fault(Kind.STORM, "labels"),
    Fault(Kind.DELAY, "database"),
    Fault(Kind.RESTART, "kafka"),
    Fault(Kind.RESTART, "postgres"),
    Fault(Kind.PAUSE, "alert-relay"),
    Fault(Kind.PAUSE, "worker"),
    Fault(Kind.FILL, "checkpoint"),
    Fault(Kind.RESTART, "lambda-trigger"),
    Fault(Kind.RESTART, "label-applier"),
)
"""What else is done, in the order in which a short run must have done it."""
OTHERS_PER_KILL = 0.9
"""So that a run of twenty kills does everything else, too."""


def plan(seed: int, kills: int) -> tuple[Fault, ...]:
    """The faults of a run, of which `kills` are kills; everything is done once before anything is done twice."""
    draw = random.Random(f"faults {seed}")  # noqa: S311 - a plan, not a secret
    killed = [Fault(Kind.KILL, target) for target in _spread(draw, KILLED, kills)]
    others = _spread(draw, OTHERS, round(kills * OTHERS_PER_KILL))
    faults = [*killed, *others]
    draw.shuffle(faults)
    return tuple(faults)


def counts(faults: Sequence[Fault]) -> dict[str, int]:
    """How often each was done, by name."""
    return dict(sorted(Counter(map(str, faults)).items()))


def _spread(draw: random.Random, choices: Sequence[T], count: int) -> list[T]:
    whole, rest = divmod(count, len(choices))
    return [*choices] * whole + ([*choices[:rest]] if not whole else draw.sample(list(choices), rest))
