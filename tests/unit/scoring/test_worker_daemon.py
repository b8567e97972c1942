"""What Spark's daemon does around each task of a worker."""

import subprocess
import sys

import pytest

from fraudstream.scoring.worker_daemon import until_hung_up

FROZEN_AFTER = """
import gc, sys
from fraudstream.scoring.worker_daemon import keeping_what_stays

kept = []

def work(garbage, staying):
    for number in range(garbage + staying):
        cycle = []
        cycle.append(cycle)
        if number < staying:
            kept.append(cycle)
    return 0

gc.disable()
gc.collect()
gc.freeze()
before = gc.get_freeze_count()
keeping_what_stays(work)(int(sys.argv[1]), int(sys.argv[2]))
print(gc.get_freeze_count() - before)
"""


def test_a_worker_that_is_hung_up_on_fails_without_a_traceback() -> None:
    def work(_socket: object) -> int:
        raise BrokenPipeError

    assert until_hung_up(work)(None) == 1


def test_any_other_failure_and_success_are_passed_on() -> None:
    def work(socket: object) -> int:
        if socket is None:
            raise ValueError
        return 0

    assert until_hung_up(work)("a socket") == 0
    with pytest.raises(ValueError, match=r"^$"):
        until_hung_up(work)(None)


def frozen_after(*, garbage: int, staying: int) -> int:
    """Objects that are frozen by one task in a process of its own."""
    command = [sys.executable, "-c", FROZEN_AFTER, str(garbage), str(staying)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


def test_much_that_survives_a_task_is_frozen() -> None:
    assert frozen_after(garbage=5, staying=5_000) >= 5_000


def test_little_that_survives_is_not_whatever_garbage_a_large_slice_left() -> None:
    """It would be task after task, and what of it ends in a cycle would never be found."""
    assert frozen_after(garbage=5_000, staying=5) == 0
