"""Spark hangs up on a worker when it is stopped: that is no accident to be traced."""

import pytest

from fraudstream.scoring.worker_daemon import until_hung_up


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
