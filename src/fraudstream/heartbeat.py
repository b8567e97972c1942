"""A file whose age says whether a process still does its work; the health check of its container looks at it."""

from pathlib import Path
from typing import Self

from fraudstream.clock import Clock, SystemClock
from fraudstream.settings import HealthSettings

INTERVAL = 1.0
"""Seconds between two touches of the file at the least."""


class Heartbeat:
    """Touches a file while work goes on; does nothing where no file is wanted.

    Args:
        path: the file, in a folder that exists.
        clock: decides when the next touch is due.
    """

    def __init__(self, path: Path | None = None, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._due = float("-inf")

    @classmethod
    def load(cls) -> Self:
        """The heartbeat that the environment asks for.

        Raises:
            ConfigurationError: the variable is impossible.
        """
        return cls(HealthSettings.load().health_file)

    def beat(self) -> None:
        """Say that a step of the work was just done."""
        now = self._clock.monotonic()
        if self._path is not None and now >= self._due:
            self._path.touch()
            self._due = now + INTERVAL
