"""What outlives a process beside its database: a broker, a bucket, a registry and so on, in one file."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from fraudstream.adapters.memory import MemoryBroker
from fraudstream.adapters.memory_archive import MemoryObjects
from fraudstream.adapters.memory_delivery import MemoryNotifier, MemorySentAlerts
from fraudstream.adapters.memory_registry import MemoryRegistry

T = TypeVar("T")


@dataclass
class Kept:
    """The services that a scenario uses, in memory; `steps` counts those that are done and not done again."""

    broker: MemoryBroker = field(default_factory=MemoryBroker)
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    notifier: MemoryNotifier = field(default_factory=MemoryNotifier)
    sent: MemorySentAlerts = field(default_factory=MemorySentAlerts)
    steps: int = 0


@dataclass
class Bench:
    """What a process works with: a database and, read from `file` at its start, the other services."""

    url: str
    file: Path
    kept: Kept

    @classmethod
    def at(cls, url: str, file: Path) -> "Bench":
        return cls(url, file, pickle.loads(file.read_bytes()))  # noqa: S301 - written by `save`

    def save(self) -> None:
        """From now on whatever happened stays so, whoever dies."""
        self.file.write_bytes(pickle.dumps(self.kept))

    def lasting(self, service: T) -> T:
        """The same service; each call is kept before it returns."""
        return cast("T", _Lasting(service, self.save))

    def once(self, number: int, step: Callable[[], object]) -> None:
        """A step of somebody else's, who does not die; only whoever comes to it first does it."""
        if Bench.at(self.url, self.file).kept.steps == number:
            step()
            self.kept.steps = number + 1
            self.save()


class _Lasting:
    def __init__(self, service: object, save: Callable[[], None]) -> None:
        self._service = service
        self._save = save

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the service has
        found = getattr(self._service, name)
        if name.startswith("_") or not callable(found):
            return found

        @wraps(found)
        def called(*values: object, **named: object) -> object:
            result = found(*values, **named)
            self._save()
            return result

        return called
