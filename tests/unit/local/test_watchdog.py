"""The watchdog stops what is still running when its owner is gone."""

import signal
import subprocess

from fraudstream.local.pids import kill_group, started_at
from fraudstream.local.watchdog import main


def test_what_was_started_and_not_ended_is_stopped() -> None:
    with (
        subprocess.Popen(["sleep", "60"], start_new_session=True) as left,
        subprocess.Popen(["sleep", "60"], start_new_session=True) as ended,
    ):
        starts = [
            f"start {process.pid} {started_at(process.pid)} {int(signal.SIGTERM)} 5.0" for process in (left, ended)
        ]
        main([*starts, f"end {ended.pid}"])

        assert left.wait() == -signal.SIGTERM
        assert ended.poll() is None
        kill_group(ended.pid)
