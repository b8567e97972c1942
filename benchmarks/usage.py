"""What processes cost: processor seconds and memory of whole families, read from the system."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import psutil

from fraudstream.local.pids import family

INTERVAL = 1.0
"""Seconds between two looks."""
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Usage:
    """Processor seconds so far and memory now of one family; memory shared by n processes counts as 1/n in each."""

    cpu_seconds: float
    megabytes: float


def usage_of(pid: int) -> Usage:
    """Of a process and everything that descends from it; whoever ended meanwhile counts as nothing."""
    cpu = memory = 0.0
    for member in family(pid):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(member)
            times = process.cpu_times()
            cpu += times.user + times.system + times.children_user + times.children_system
            memory += process.memory_full_info().pss / MEBIBYTE
    return Usage(cpu, memory)


@dataclass
class Sampler:
    """Looks at families once a second in a thread of its own; a context manager.

    Args:
        pids: asked at each look, the family's first process by its name.
    """

    pids: Callable[[], Mapping[str, int]]
    samples: list[Mapping[str, Usage]] = field(default_factory=list)
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

    def cpu_seconds(self) -> dict[str, float]:
        """Processor seconds of each family from the first look to the last at which it was there."""
        return {
            name: max(sample[name].cpu_seconds for sample in self.samples) - first.cpu_seconds
            for name, first in self.samples[0].items()
        }

    def megabytes(self, name: str) -> list[float]:
        """Memory of a family at each look."""
        return [sample[name].megabytes for sample in self.samples]

    def _run(self) -> None:
        while not self._over.wait(INTERVAL):
            self._look()

    def _look(self) -> None:
        self.samples.append({name: usage_of(pid) for name, pid in self.pids().items()})
