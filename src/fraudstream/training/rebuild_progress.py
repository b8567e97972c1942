"""How far a rebuild is: payments, payments a second, and the time that is left."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console

from fraudstream.clock import Clock

TERMINAL_INTERVAL, PLAIN_INTERVAL = 0.2, 10.0
"""Seconds between two lines."""


class RebuildProgress(AbstractContextManager["RebuildProgress"]):
    """A live line on a terminal, a line now and then elsewhere; its `report` is a `Report`."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._status = console.status("replaying") if console.is_terminal else None
        self._interval = TERMINAL_INTERVAL if console.is_terminal else PLAIN_INTERVAL
        self._begun: tuple[int, float] | None = None
        self._last = clock.monotonic()

    def __enter__(self) -> Self:
        """Open the live line."""
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        if self._status is not None:
            self._status.stop()

    def report(self, done: int, total: int) -> None:
        """Tell it, if it is time again; what an earlier run did does not count for the pace."""
        now = self._clock.monotonic()
        if self._begun is None:
            self._begun = (done, now)
        if now - self._last < self._interval:
            return
        self._last = now
        line = progress_line(done, total, done - self._begun[0], now - self._begun[1])
        if self._status is not None:
            self._status.update(line)
        else:
            self._console.print(line, soft_wrap=True)


def progress_line(done: int, total: int, in_this_run: int, seconds: float) -> str:
    """What is told of `in_this_run` payments in so many seconds."""
    line = f"{done:,} of {total:,} payments replayed"
    if in_this_run <= 0 or seconds <= 0:
        return line
    pace = in_this_run / seconds
    left = round(max(total - done, 0) / pace)
    return f"{line}, {pace:,.0f} a second, {left // 60}:{left % 60:02} min left"
