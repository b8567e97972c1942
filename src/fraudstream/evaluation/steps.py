"""Which step of a long run is at work and for how long, on standard error, and how long each took."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from rich.console import Console

Timer = Callable[[], float]
"""Seconds from any beginning; only differences mean something."""

LIVE_INTERVAL, PLAIN_INTERVAL = 1.0, 20.0
"""Seconds between two looks at the time, on a terminal and elsewhere."""


@dataclass
class Steps:
    """Tells each step by name while it runs, and its time when it ends; steps don't overlap.

    Args:
        console: where to; standard error if unset.
        timer: the time that is told.
    """

    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    timer: Timer = time.perf_counter
    taken: dict[str, float] = field(default_factory=dict)
    """Seconds each finished step took; those of one name are added up."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; nothing is told as finished if it fails."""
        begun, over = self.timer(), threading.Event()
        status = self.console.status(name) if self.console.is_terminal else None
        interval = LIVE_INTERVAL if status else PLAIN_INTERVAL

        def tell() -> None:
            while not over.wait(interval):
                line = f"{name}: {self.timer() - begun:.0f} s so far"
                if status is None:
                    self.console.print(line, soft_wrap=True)
                else:
                    status.update(line)

        teller = threading.Thread(target=tell, daemon=True)
        with status or nullcontext():
            teller.start()
            try:
                yield
            finally:
                over.set()
                teller.join()
        seconds = self.timer() - begun
        self.taken[name] = self.taken.get(name, 0.0) + seconds
        self.console.print(f"{name}: {seconds:.1f} s", soft_wrap=True)
