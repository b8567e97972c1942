"""A registry in another process behaves like one in this process, and its end is noticed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from fraudstream.adapters.memory_registry import MemoryRegistry
from fraudstream.errors import ConfigurationError, ModelUnavailable, TemporarilyUnavailable
from fraudstream.ports.registry import CHALLENGER, ModelVersion, TrainingRun
from fraudstream.training.background_registry import BackgroundRegistry

RUN = TrainingRun(1_750_000_000.0, {"seed": "7"}, {"auc": 0.9}, {"digest": "ab"}, {"model.npz": b"arrays"})


class DyingRegistry(MemoryRegistry):
    def find(self, version: str | None = None) -> NoReturn:  # noqa: ARG002 - of the port
        os._exit(3)


def refuse_to_open() -> NoReturn:
    raise ConfigurationError("there is no such registry")


@pytest.fixture(scope="module")
def registry() -> Iterator[BackgroundRegistry]:
    with BackgroundRegistry(partial(MemoryRegistry, "fraudstream")) as opened:
        yield opened


def test_every_call_is_answered_by_the_other_process(registry: BackgroundRegistry) -> None:
    version = registry.register(RUN)
    registry.set_alias(CHALLENGER, version.version)

    assert registry.find_alias(CHALLENGER) == registry.find() == version
    assert version == ModelVersion("fraudstream", version.version, version.run_id, {"digest": "ab"})
    assert registry.artefact(version, "model.npz") == b"arrays"


def test_what_the_registry_raises_is_raised_here(registry: BackgroundRegistry) -> None:
    with pytest.raises(ModelUnavailable, match="has no version 99"):
        registry.find("99")


def test_a_registry_that_does_not_open_says_why_when_it_is_first_asked() -> None:
    with BackgroundRegistry(refuse_to_open) as registry, pytest.raises(ConfigurationError, match="no such registry"):
        registry.find()


def test_the_end_of_the_process_is_noticed() -> None:
    with BackgroundRegistry(DyingRegistry) as registry, pytest.raises(TemporarilyUnavailable, match="has ended"):
        registry.find()


def test_the_process_ends_with_the_block() -> None:
    with BackgroundRegistry(MemoryRegistry) as registry:
        registry.register(RUN)

    assert registry._process.exitcode == 0


def test_silence_is_not_waited_for_without_end() -> None:
    with (
        BackgroundRegistry(MemoryRegistry, patience=0.0) as registry,
        pytest.raises(TemporarilyUnavailable, match="did not answer within 0 s"),
    ):
        registry.find()
    registry._process.terminate()
    registry._process.join()


ORPHANING = """
import os
from fraudstream.adapters.memory_registry import MemoryRegistry
from fraudstream.training.background_registry import BackgroundRegistry

if __name__ == "__main__":
    registry = BackgroundRegistry(MemoryRegistry)
    print(registry._process.pid, flush=True)
    os._exit(9)
"""


def test_the_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphaning.py"
    script.write_text(ORPHANING)

    killed = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, text=True, timeout=60, check=False)

    pid = int(killed.stdout)
    deadline = time.monotonic() + 30
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} outlived its parent"
        os.sched_yield()


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
