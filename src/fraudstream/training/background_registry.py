"""The model registry in a process of its own.

Importing mlflow and opening its store take seconds of pure Python, which in this process would hold back the
simulation, the replay and the fit. The other process gets ready meanwhile, answers over a pipe, and ends with
this one, however this one ends.
"""

import contextlib
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from fraudstream.errors import FraudstreamError, TemporarilyUnavailable
from fraudstream.ports.registry import ModelRegistry, ModelVersion, TrainingRun

PATIENCE = 180.0
"""Seconds one answer may take; the first includes opening the registry."""

OpenRegistry = Callable[[], ModelRegistry]


class BackgroundRegistry:
    """`ModelRegistry` in another process, which opens it at once; a context manager.

    Every call raises what the registry raises, and `TemporarilyUnavailable` if the process is gone.
    """

    def __init__(self, open_registry: OpenRegistry, *, patience: float = PATIENCE) -> None:
        """Start the process; `open_registry` is called in it, so it must be picklable."""
        self._patience = patience
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_serve, args=(theirs, open_registry), daemon=True)
        self._process.start()
        theirs.close()

    def register(self, run: TrainingRun) -> ModelVersion:
        """See `ModelRegistry.register`."""
        return self._ask("register", run)  # type: ignore[no-any-return]

    def find(self, version: str | None = None) -> ModelVersion:
        """See `ModelRegistry.find`."""
        return self._ask("find", version)  # type: ignore[no-any-return]

    def find_alias(self, alias: str) -> ModelVersion:
        """See `ModelRegistry.find_alias`."""
        return self._ask("find_alias", alias)  # type: ignore[no-any-return]

    def set_alias(self, alias: str, version: str) -> None:
        """See `ModelRegistry.set_alias`."""
        self._ask("set_alias", alias, version)

    def artefact(self, version: ModelVersion, name: str) -> bytes:
        """See `ModelRegistry.artefact`."""
        return self._ask("artefact", version, name)  # type: ignore[no-any-return]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the process end; where something went wrong, end it."""
        self._pipe.close()
        if error is not None:
            self._process.terminate()
        self._process.join(self._patience)

    def _ask(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - of the port's type for that method
        try:
            self._pipe.send((method, arguments))
            if not self._pipe.poll(self._patience):
                raise TemporarilyUnavailable(f"the model registry did not answer within {self._patience:g} s")
            answer = self._pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise TemporarilyUnavailable("the process of the model registry has ended; see its error above") from error
        if isinstance(answer, FraudstreamError):
            raise answer
        return answer


def _serve(pipe: Connection, open_registry: OpenRegistry) -> None:
    with contextlib.suppress(EOFError, KeyboardInterrupt):  # the other end is gone, or the user wants to stop
        registry = _opened(open_registry)
        while True:
            method, arguments = pipe.recv()
            pipe.send(_answer(registry, method, arguments))


def _opened(open_registry: OpenRegistry) -> ModelRegistry | FraudstreamError:
    try:
        return open_registry()
    except FraudstreamError as error:
        return error


def _answer(registry: ModelRegistry | FraudstreamError, method: str, arguments: tuple[object, ...]) -> object:
    if isinstance(registry, FraudstreamError):
        return registry
    try:
        return getattr(registry, method)(*arguments)
    except FraudstreamError as error:
        return error
