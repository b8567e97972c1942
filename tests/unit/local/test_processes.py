"""Processes are started in order, stopped in the opposite one, and never forgotten."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fraudstream.clock import ManualClock
from fraudstream.errors import ConfigurationError
from fraudstream.local.pids import started_at
from fraudstream.local.processes import Command, ProcessEnded, Supervisor

DEADLINE = 20.0
SLEEP = "exec sleep 60"
STUBBORN = "trap '' TERM; echo up; while :; do sleep 0.1; done"


def shell(name: str, script: str, *, stop_timeout: float = 5.0, restarts: int = 0) -> Command:
    return Command(name, ("/bin/sh", "-c", script), stop_timeout=stop_timeout, restarts=restarts)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path, dict(os.environ)) as running:
        yield running


def test_output_goes_to_a_log_of_the_process(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(Command("greeter", ("/bin/sh", "-c", "echo $GREETING"), {"GREETING": "good day"}))

    until(lambda: (tmp_path / "logs" / "greeter.log").read_text() == "good day\n")


def test_the_last_started_is_stopped_first(tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = f"trap 'echo $0 >>{order}; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    with Supervisor(tmp_path, dict(os.environ)) as supervisor:
        for name in ("server", "app"):
            process = supervisor.start(Command(name, ("/bin/sh", "-c", script, name)))
            supervisor.wait_until(process, lambda log=process.log: "up" in log.read_text(), DEADLINE)  # type: ignore[misc]

    assert order.read_text().split() == ["app", "server"]


def test_one_that_ignores_the_signal_is_killed_with_its_group(supervisor: Supervisor) -> None:
    process = supervisor.start(shell("stubborn", f"sleep 60 & echo $!; {STUBBORN}", stop_timeout=0.2))
    supervisor.wait_until(process, lambda: "up" in process.log.read_text(), DEADLINE)
    child = int(process.log.read_text().split()[0])

    assert supervisor.stop_process("stubborn") is False
    until(lambda: started_at(child) is None)
    assert started_at(process.pid) is None


def test_an_orderly_stop_says_so(supervisor: Supervisor) -> None:
    supervisor.start(shell("sleeper", SLEEP))

    assert supervisor.stop_process("sleeper") is True
    assert supervisor.stop_process("sleeper") is True


def test_one_that_ends_before_it_is_ready_is_reported_with_its_log(supervisor: Supervisor) -> None:
    process = supervisor.start(shell("broken", "echo the disk is full; exit 3"))

    with pytest.raises(
        ProcessEnded, match=r"broken ended with exit code 3.*broken\.log ends with:\n  the disk is full"
    ):
        supervisor.wait_until(process, lambda: False, DEADLINE)


def test_an_error_does_not_quote_an_earlier_start(supervisor: Supervisor, tmp_path: Path) -> None:
    (tmp_path / "logs" / "broken.log").write_text("an old story\n")
    process = supervisor.start(shell("broken", "exit 3"))

    with pytest.raises(ProcessEnded, match=r"\(its log is empty\)"):
        supervisor.wait_until(process, lambda: False, DEADLINE)


def test_one_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    with Supervisor(tmp_path, dict(os.environ), ManualClock()) as supervisor:
        process = supervisor.start(shell("slow", SLEEP))

        with pytest.raises(ProcessEnded, match=r"slow was not ready after 30 s; its log is .*slow\.log"):
            supervisor.wait_until(process, lambda: False, 30.0)


def test_one_that_dies_is_started_again_a_bounded_number_of_times(supervisor: Supervisor) -> None:
    first = supervisor.start(shell("app", SLEEP, restarts=1))
    first.popen.kill()
    first.popen.wait()

    assert supervisor.check() == ["app"]
    second = supervisor.processes["app"]
    second.popen.kill()
    second.popen.wait()
    with pytest.raises(ProcessEnded, match="app ended with exit code -9"):
        supervisor.check()


def test_nothing_is_started_again_while_all_is_well(supervisor: Supervisor) -> None:
    supervisor.start(shell("app", SLEEP))

    assert supervisor.check() == []


def test_a_second_owner_of_a_home_is_refused(supervisor: Supervisor, tmp_path: Path) -> None:
    assert supervisor.processes == {}
    with (
        pytest.raises(ConfigurationError, match=rf"already running, started by process {os.getpid()}"),
        Supervisor(tmp_path, dict(os.environ)),
    ):
        pass


def test_a_home_can_be_owned_again_after_a_stop(tmp_path: Path) -> None:
    for _ in range(2):
        with Supervisor(tmp_path, dict(os.environ)) as supervisor:
            assert supervisor.start(shell("app", SLEEP)).is_running()


OWNER = """
import os, sys
from pathlib import Path
from fraudstream.local.processes import Command, Supervisor

supervisor = Supervisor(Path(sys.argv[1]), dict(os.environ)).__enter__()
process = supervisor.start(Command("app", ("sleep", "60")))
print(process.pid, supervisor._watchdog.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def crashing_owner(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """A process that owns an app and has a watchdog; gives all three ids and sees to their end."""
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    owner = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with owner:
        assert owner.stdout is not None
        app, watchdog = map(int, owner.stdout.readline().split())
        yield owner, app, watchdog
        owner.kill()
    for pid in (app, watchdog):
        if started_at(pid) is not None:
            os.kill(pid, signal.SIGKILL)


def test_the_apps_of_a_crashed_owner_are_stopped(crashing_owner: tuple[subprocess.Popen[str], int, int]) -> None:
    owner, app, watchdog = crashing_owner
    owner.kill()

    until(lambda: started_at(app) is None and started_at(watchdog) is None)


def test_what_outlived_a_crash_is_stopped_by_the_next_owner(
    crashing_owner: tuple[subprocess.Popen[str], int, int], tmp_path: Path
) -> None:
    owner, app, watchdog = crashing_owner
    os.kill(watchdog, signal.SIGKILL)
    owner.kill()
    owner.wait()
    assert started_at(app) is not None

    with Supervisor(tmp_path, dict(os.environ)):
        assert started_at(app) is None
