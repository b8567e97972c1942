"""What processes cost: processor seconds and memory of whole families, read from the system."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np
import psutil

from fraudstream.local.pids import family

INTERVAL = 1.0
"""Seconds between two looks."""
MEMORY_EVERY, ALWAYS_UNTIL = 4, 12
"""Looks of which one asks for the memory, too, after so many that do: the system walks over all pages to tell it."""
MEBIBYTE = 1024 * 1024


def cpu_seconds_of(pid: int) -> float:
    """Processor seconds so far of a process and everything that descends from it; whoever ended counts as nothing."""
    spent = 0.0
    for member in family(pid):
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(member).cpu_times()
            spent += times.user + times.system + times.children_user + times.children_system
    return spent


def megabytes_of(pid: int) -> float:
    """Memory of the same; what n processes share counts as 1/n in each."""
    taken = 0.0
    for member in family(pid):
        with contextlib.suppress(psutil.Error):
            taken += psutil.Process(member).memory_full_info().pss / MEBIBYTE
    return taken


@dataclass
class Sampler:
    """Looks at families once a second in a thread of its own; a context manager.

    Args:
        pids: asked at each look, the family's first process by its name.
    """

    pids: Callable[[], Mapping[str, int]]
    moments: list[float] = field(default_factory=list)
    """Of each look, in seconds since 1970."""
    _cpu: dict[str, list[float]] = field(default_factory=dict)
    _memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End with a last look."""
        self._over.set()
        self._thread.join()
        self._look()

    def cpu_seconds(self, begin: float = -np.inf, end: float = np.inf) -> dict[str, float]:
        """Processor seconds of each family from one moment to another (since 1970), between looks in proportion."""
        span = np.clip([begin, end], self.moments[0], self.moments[-1])
        # Nobody is there any more at the last look, who was there before it.
        grown = {name: np.maximum.accumulate(spent) for name, spent in self._cpu.items()}
        return {name: float(np.diff(np.interp(span, self.moments, spent))[0]) for name, spent in grown.items()}

    def megabytes(self, name: str, begin: float = -np.inf) -> list[float]:
        """Memory of a family at each look at it from a moment on, or at the last one before."""
        found = [taken for moment, taken in self._memory[name] if moment >= begin]
        return found or [self._memory[name][-1][1]]

    def _run(self) -> None:
        while not self._over.wait(INTERVAL):
            self._look()

    def _look(self) -> None:
        looks = len(self.moments)
        with_memory = looks < ALWAYS_UNTIL or looks % MEMORY_EVERY == 0
        self.moments.append(time.time())
        for name, pid in self.pids().items():
            self._cpu.setdefault(name, []).append(cpu_seconds_of(pid))
            if with_memory:
                self._memory.setdefault(name, []).append((self.moments[-1], megabytes_of(pid)))
