"""How far a long piece of work has come: a live line on a terminal, a line every few seconds elsewhere."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Self

from rich.console import Console

from fraudstream.clock import Clock, SystemClock

Report = Callable[[int, int], None]
"""Says how much is done, and how much there is to do in all."""

TERMINAL_INTERVAL, PLAIN_INTERVAL = 0.2, 10.0
"""Seconds between two lines."""


def unreported(done: int, total: int) -> None:
    """A `Report` for whoever doesn't want to know."""


class Progress(AbstractContextManager["Progress"]):
    """Tells it on standard error, so that standard output holds nothing but the result.

    Args:
        doing: what is done, as a line begins: "payments recomputed".
        clock: decides when the next line is due.
        console: where to.
    """

    def __init__(self, doing: str, clock: Clock | None = None, console: Console | None = None) -> None:
        self._doing = doing
        self._clock = clock or SystemClock()
        self._console = console or Console(stderr=True, highlight=False)
        self._status = self._console.status(doing) if self._console.is_terminal else None
        self._interval = TERMINAL_INTERVAL if self._console.is_terminal else PLAIN_INTERVAL
        self._last = self._clock.monotonic()

    def __enter__(self) -> Self:
        """Open the live line on a terminal."""
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it again."""
        if self._status is not None:
            self._status.stop()

    def report(self, done: int, total: int) -> None:
        """Tell it, if it is time again."""
        self._tell(self._doing, done, total)

    def of(self, doing: str) -> Report:
        """A report of something else on the same line, for work of several parts."""
        return partial(self._tell, doing)

    def _tell(self, doing: str, done: int, total: int) -> None:
        now = self._clock.monotonic()
        if now - self._last < self._interval:
            return
        self._last = now
        line = f"{doing}: {done:,} of {total:,}"
        if self._status is not None:
            self._status.update(line)
        else:
            self._console.print(line, soft_wrap=True)
