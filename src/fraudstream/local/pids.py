"""Tell processes apart by id and start, so that nothing is ever sent to a stranger that got an old id."""

import contextlib
import os
import signal
import time
from pathlib import Path

POLL = 0.02
"""Seconds between two looks at a process that is about to end."""


def started_at(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; `None` if there is none or it has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = status.rpartition(")")[2].split()
    ended = fields[0] in "ZX"
    return None if ended else int(fields[19])


def end_group(pid: int, started: int, stop_signal: int, timeout: float) -> bool:
    """Ask the leader of a process group to stop, then kill what is left of the group after `timeout` seconds.

    Returns whether the leader stopped by itself. A process that started at another time is left alone.
    """
    if started_at(pid) != started:
        return True
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
    deadline = time.monotonic() + timeout
    while (alive := started_at(pid) == started) and time.monotonic() < deadline:
        time.sleep(POLL)
    kill_group(pid)
    return not alive


def family(pid: int) -> list[int]:
    """A process and everything that descends from it, parents first; what starts meanwhile may be missing."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                status = (folder / "stat").read_text(encoding="utf-8", errors="replace")
                children.setdefault(int(status.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def kill_group(pid: int) -> None:
    """Kill every process of a group at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
