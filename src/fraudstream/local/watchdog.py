"""Stop the processes of a stack whose owner has died without stopping them.

Runs as a process of its own and learns from its standard input what is running: `start PID TICKS SIGNAL SECONDS` and
`end PID`. When the owner ends, however it ends, that pipe closes; what is still running then is stopped in the
opposite order of its start.
"""

import signal
import sys
from collections.abc import Iterable

from fraudstream.local.pids import end_group


def main(lines: Iterable[str]) -> None:
    """Follow the owner until it is gone, then stop what it left."""
    running: dict[int, tuple[int, int, float]] = {}
    for line in lines:
        match line.split():
            case ["start", pid, ticks, stop_signal, seconds]:
                running[int(pid)] = (int(ticks), int(stop_signal), float(seconds))
            case ["end", pid]:
                running.pop(int(pid), None)
    for leader, (started, number, timeout) in reversed(running.items()):
        end_group(leader, started, number, timeout)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(sys.stdin)
