"""Named boundaries around every call of a port, and what happens at the n-th hit of one: death, an error, a pause.

Production code knows nothing of them: whoever wants a fault wraps a port's implementation with `failing`.
"""

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar, cast

from fraudstream.clock import Clock, SystemClock
from fraudstream.errors import TemporarilyUnavailable

T = TypeVar("T")
KILLED = 137
"""Exit status of a process that died at a failpoint, that of one killed by SIGKILL in a shell."""


class Action(StrEnum):
    """What a failpoint does."""

    EXIT = "exit"
    """The process ends at once, without any clean-up, with status `KILLED`."""
    RAISE = "raise"
    """`TemporarilyUnavailable`, as of a store that did not answer; at a boundary behind a call its work was done."""
    SLEEP = "sleep"
    """The call takes longer."""
    STOP = "stop"
    """The process is stopped (SIGSTOP) until somebody continues it."""


@dataclass(frozen=True, slots=True)
class Failpoint:
    """At the `hit`-th hit (from 1) of a boundary, do something; `seconds` is how long a sleep takes."""

    boundary: str
    hit: int
    action: Action
    seconds: float = 0.0


@dataclass
class Failpoints:
    """Counts how often each boundary is hit, and does what is armed; without anything armed this is a dry run.

    Args:
        armed: what happens, each once.
        clock: what sleeps wait on.
        claim: asked before anything happens; where several processes are armed, only one gets a yes.
    """

    armed: Sequence[Failpoint] = ()
    clock: Clock = field(default_factory=SystemClock)
    claim: Callable[[Failpoint], bool] = lambda _: True
    hits: Counter[str] = field(default_factory=Counter)
    fired: list[Failpoint] = field(default_factory=list)

    def reach(self, boundary: str) -> None:
        """A boundary is hit.

        Raises:
            TemporarilyUnavailable: so it is armed.
        """
        self.hits[boundary] += 1
        for point in self.armed:
            if (point.boundary, point.hit) == (boundary, self.hits[boundary]) and self.claim(point):
                self.fired.append(point)
                self._act(point)

    def _act(self, point: Failpoint) -> None:
        match point.action:
            case Action.EXIT:
                os._exit(KILLED)
            case Action.RAISE:
                raise TemporarilyUnavailable(f"failpoint: {point.boundary}, hit {point.hit}")
            case Action.SLEEP:
                self.clock.sleep(point.seconds)
            case Action.STOP:
                os.kill(os.getpid(), signal.SIGSTOP)


def failing(target: T, points: Failpoints, name: str) -> T:
    """The same object for its callers, with boundaries around each call of a public method.

    `store.write()` under the name "slices" has the boundaries "before slices.write" and "after slices.write". Where a
    method gives a context manager, "after" is hit inside of its block, and there are three more: "before leaving"
    (nothing is committed yet), "after leaving" (it is), and "before undoing", if the block ends with an error. What the
    block is given has boundaries, too, under the name of the method.
    """
    return cast("T", _Failing(target, points, name))


class _Failing:
    """See `failing`; attributes that cannot be called, and private ones, are the target's own."""

    def __init__(self, target: object, points: Failpoints, name: str) -> None:
        self._target = target
        self._points = points
        self._name = name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the target has
        found = getattr(self._target, attribute)
        if attribute.startswith("_") or not callable(found):
            return found
        return partial(_called, found, self._points, f"{self._name}.{attribute}")


def _called(call: Callable[..., Any], points: Failpoints, name: str, /, *values: object, **named: object) -> Any:  # noqa: ANN401 - see above
    points.reach(f"before {name}")
    result = call(*values, **named)
    if isinstance(result, AbstractContextManager):
        return _entered(result, points, name)
    points.reach(f"after {name}")
    return result


@contextlib.contextmanager
def _entered(context: AbstractContextManager[object], points: Failpoints, name: str) -> Iterator[object]:
    with context as opened:
        points.reach(f"after {name}")
        try:
            yield failing(opened, points, name)
        except BaseException:
            points.reach(f"before undoing {name}")
            raise
        points.reach(f"before leaving {name}")
    points.reach(f"after leaving {name}")


def places(hits: Mapping[str, int]) -> list[tuple[str, int]]:
    """Every boundary of a dry run with its first, middle and last hit, each once."""
    return [(name, hit) for name, count in hits.items() for hit in sorted({1, (count + 1) // 2, count})]
