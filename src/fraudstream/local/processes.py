"""Start processes in groups of their own, watch them, and stop them in the opposite order."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Self

from fraudstream.clock import Clock, SystemClock
from fraudstream.errors import ConfigurationError, FraudstreamError
from fraudstream.local.pids import POLL, end_group, kill_group, started_at

LEFTOVER_TIMEOUT = 10.0
"""Seconds that a process of a crashed run is given to stop before it is killed."""
LOG_TAIL = 5
"""Lines of a process's log that an error quotes."""


class ProcessEnded(FraudstreamError):  # noqa: N818 - says what happened
    """Stop: a process of the stack ended by itself and is not started again."""


@dataclass(frozen=True)
class Command:
    """How one process is started and stopped.

    `environment` is laid over the supervisor's own; `restarts` says how often the process is started again when it
    ends by itself. `stop_signal` goes to the process alone; its group is killed when it has ended, or after
    `stop_timeout` seconds.
    """

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout: float = 10.0
    restarts: int = 0
    directory: Path | None = None


@dataclass
class Process:
    """One running process of the stack."""

    command: Command
    popen: subprocess.Popen[bytes]
    log: Path
    restarts_left: int
    log_start: int = 0
    """Where in the log, in bytes, this start begins; before it stand earlier ones."""

    @property
    def pid(self) -> int:
        """Id of the process and of its group."""
        return self.popen.pid

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.popen.poll() is None

    def output(self) -> str:
        """What it has printed since it was started."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[self.log_start :].decode("utf-8", errors="replace")

    def ended(self) -> ProcessEnded:
        """What to raise when it ended by itself."""
        lines = self.output().splitlines()
        tail = "\n  ".join(lines[-LOG_TAIL:]) or "(its log is empty)"
        return ProcessEnded(
            f"{self.command.name} ended with exit code {self.popen.poll()}; its log {self.log} ends with:\n  {tail}"
        )


class Supervisor:
    """Owner of the processes under one home folder; a second owner of the same folder is refused.

    Used as a context manager. Everything is stopped on leaving, and by a watchdog if this process dies before. What
    a crashed run left behind is stopped on entering.
    """

    def __init__(self, home: Path, environment: Mapping[str, str], clock: Clock | None = None) -> None:
        self._run = home / "run"
        self._logs = home / "logs"
        self._environment = environment
        self._clock = clock or SystemClock()
        self._processes: dict[str, Process] = {}
        self._guard: IO[str] | None = None
        self._watchdog: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._run.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        self._guard = self._lock()
        self._end_leftovers()
        self._watchdog = subprocess.Popen(
            [sys.executable, "-P", "-m", "fraudstream.local.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def processes(self) -> Mapping[str, Process]:
        """Everything that was started and not stopped, by name."""
        return self._processes

    def start(self, command: Command) -> Process:
        """Start one process; its output goes to `logs/NAME.log`. Does not wait until it is ready."""
        return self._start(command, command.restarts)

    def wait_until(self, process: Process, ready: Callable[[], bool], timeout: float) -> None:
        """Wait until `ready` says yes.

        Raises:
            ProcessEnded: the process ended meanwhile, or was not ready after `timeout` seconds.
        """
        deadline = self._clock.monotonic() + timeout
        while not ready():
            if not process.is_running():
                raise process.ended()
            if self._clock.monotonic() > deadline:
                raise ProcessEnded(
                    f"{process.command.name} was not ready after {timeout:.0f} s; its log is {process.log}"
                )
            self._clock.sleep(POLL)

    def check(self) -> list[str]:
        """Start again what ended by itself; returns the names. Call it every now and then.

        Raises:
            ProcessEnded: a process ended that has no restarts left.
        """
        restarted = []
        for process in list(self._processes.values()):
            if not process.is_running():
                self._forget(process)
                kill_group(process.pid)
                if process.restarts_left == 0:
                    raise process.ended()
                self._start(process.command, process.restarts_left - 1)
                restarted.append(process.command.name)
        return restarted

    def again(self, name: str) -> Process:
        """Kill one process and its group with no warning, unless they have ended, and start it again."""
        process = self._processes[name]
        kill_group(process.pid)
        process.popen.wait()
        self._forget(process)
        return self._start(process.command, process.restarts_left)

    def set_aside(self, name: str, other: str) -> Process:
        """Call a running process by another name from now on, so that a second one can be started beside it."""
        process = self._processes.pop(name)
        process.command = replace(process.command, name=other)
        process.restarts_left = 0
        self._processes[other] = process
        (self._run / f"{name}.json").rename(self._run / f"{other}.json")
        return process

    def stop_process(self, name: str) -> bool:
        """Stop one process and its group, if it runs; returns whether it stopped by itself in time."""
        process = self._processes.get(name)
        if process is None:
            return True
        orderly = self._end(process)
        self._forget(process)
        return orderly

    def stop(self) -> None:
        """Stop everything, last started first; safe to call twice."""
        for name in reversed(list(self._processes)):
            self.stop_process(name)
        if self._watchdog is not None:
            self._watchdog.communicate(timeout=LEFTOVER_TIMEOUT)
            self._watchdog = None
        if self._guard is not None:
            self._guard.close()
            self._guard = None

    def _start(self, command: Command, restarts_left: int) -> Process:
        log = self._logs / f"{command.name}.log"
        with log.open("ab") as output:
            log_start = output.tell()
            popen = subprocess.Popen(
                command.arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self._environment, **command.environment},
                cwd=command.directory,
                start_new_session=True,
            )
        process = Process(command, popen, log, restarts_left, log_start)
        self._processes[command.name] = process
        started = started_at(popen.pid) or 0
        self._tell(f"start {popen.pid} {started} {int(command.stop_signal)} {command.stop_timeout}")
        record = json.dumps({"pid": popen.pid, "started": started, "signal": int(command.stop_signal)})
        (self._run / f"{command.name}.json").write_text(record, encoding="utf-8")
        return process

    def _end(self, process: Process) -> bool:
        if process.is_running():
            process.popen.send_signal(process.command.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.popen.wait(process.command.stop_timeout)
        orderly = not process.is_running()
        kill_group(process.pid)
        process.popen.wait()
        return orderly

    def _forget(self, process: Process) -> None:
        del self._processes[process.command.name]
        self._tell(f"end {process.pid}")
        (self._run / f"{process.command.name}.json").unlink(missing_ok=True)

    def _tell(self, line: str) -> None:
        if self._watchdog is not None and self._watchdog.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._watchdog.stdin.write(line + "\n")
                self._watchdog.stdin.flush()

    def _lock(self) -> IO[str]:
        guard = (self._run / "owner").open("a+")
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            guard.seek(0)
            owner = guard.read().strip()
            guard.close()
            raise ConfigurationError(
                f"the stack of {self._run.parent} is already running, started by process {owner}: stop that one, or "
                "set FRAUDSTREAM_HOME to another folder."
            ) from None
        guard.truncate(0)
        guard.write(str(os.getpid()))
        guard.flush()
        return guard

    def _end_leftovers(self) -> None:
        for record in sorted(self._run.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True):
            with contextlib.suppress(ValueError, LookupError, TypeError):
                left = json.loads(record.read_text(encoding="utf-8"))
                end_group(left["pid"], left["started"], left["signal"], LEFTOVER_TIMEOUT)
            record.unlink(missing_ok=True)
