"""A process is known by its id and its start."""

import os
import signal
import subprocess

from fraudstream.local.pids import end_group, kill_group, started_at


def test_a_process_has_a_start() -> None:
    assert started_at(os.getpid()) == started_at(os.getpid()) is not None


def test_no_process_has_none() -> None:
    assert started_at(2**22 + 1) is None


def test_an_ended_process_that_nobody_has_waited_for_counts_as_gone() -> None:
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert started_at(process.pid) is None


def test_a_stranger_with_an_old_id_is_left_alone() -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        started = started_at(process.pid) or 0

        assert end_group(process.pid, started + 1, signal.SIGKILL, timeout=1.0) is True
        assert process.poll() is None
        kill_group(process.pid)


def test_a_group_is_ended_with_the_signal_it_was_given() -> None:
    """A process that a shell put into the background ignores SIGINT, and so does all that it starts."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        assert end_group(process.pid, started_at(process.pid) or 0, signal.SIGUSR1, timeout=10.0) is True
        assert process.wait() == -signal.SIGUSR1
