"""Work in forked processes: everything is imported and compiled once, and nothing of a dead process is left over."""

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LONGEST = 60
"""Seconds after which a child that hangs is ended by the system."""
FAILED = 3


@dataclass
class Child:
    """A forked process at work."""

    pid: int
    pipe: int

    @classmethod
    def doing(cls, work: Callable[[], object]) -> "Child":
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _do(work, writing)
        os.close(writing)
        return cls(pid, reading)

    def is_stopped(self) -> bool:
        """Wait until it has ended or was stopped; which of the two."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        return os.WIFSTOPPED(status)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def result(self) -> tuple[int, Any]:
        """Its exit status (negative for a signal), and what it came to."""
        with os.fdopen(self.pipe, "rb") as pipe:
            content = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status), pickle.loads(content) if content else None  # noqa: S301 - our own


def _do(work: Callable[[], object], pipe: int) -> None:
    signal.alarm(LONGEST)
    code = FAILED
    try:
        content = pickle.dumps(work())
        with os.fdopen(pipe, "wb") as out:
            out.write(content)
        code = 0
    except BaseException:  # noqa: BLE001 - a child tells and ends, whatever it was
        traceback.print_exc(file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(code)
