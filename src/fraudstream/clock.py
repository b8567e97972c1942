"""Time as a dependency: everything that waits or stamps takes a `Clock`."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

STOP_CHECK = 0.5
"""Seconds between two looks at whether a process shall stop, while it pauses."""


class Clock(Protocol):
    """Wall time in seconds since 1970 (UTC), a monotonic time, and waiting."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean something."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`; at once for zero or less."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """See `Clock.now`."""
        return time.time()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        if seconds > 0:
            time.sleep(seconds)


@dataclass
class ManualClock:
    """A clock that moves only when it is told to, or when somebody sleeps on it."""

    time: float = 1_750_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        """See `Clock.now`."""
        return self.time

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the clock by `seconds` and remember it."""
        self.slept.append(seconds)
        self.time += max(seconds, 0.0)


def pause(seconds: float, *, stopping: Callable[[], bool], clock: Clock) -> None:
    """Return after `seconds`, or soon after `stopping` says so."""
    end = clock.monotonic() + seconds
    while not stopping() and (left := end - clock.monotonic()) > 0:
        clock.sleep(min(left, STOP_CHECK))
