"""A service goes on until it is told to stop, and doesn't retry for ever."""

import os
import signal
from pathlib import Path

import pytest

from fraudstream.clock import ManualClock
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import FAILING, FAILURES
from fraudstream.service import PATIENCE, serve, stop_on_signals


class Step:
    """Counts its calls and fails as often as it is told to."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.calls = 0
        self.failures = failures
        self.error = error or TemporarilyUnavailable("the broker did not answer")

    def __call__(self) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error


def run(step: Step, *, calls: int, clock: ManualClock | None = None) -> None:
    serve(step, stopping=lambda: step.calls >= calls, clock=clock or ManualClock())


def test_steps_follow_each_other_until_told_to_stop() -> None:
    step = Step(0)

    run(step, calls=5)

    assert step.calls == 5


def test_the_heart_beats_with_steps_that_succeed_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "healthy"
    failing, working = Step(3), Step(0)

    def beat(step: Step, calls: int) -> bool:
        heartbeat = Heartbeat(path, ManualClock())
        serve(step, stopping=lambda: step.calls >= calls, clock=ManualClock(), heartbeat=heartbeat)
        return path.exists()

    assert not beat(failing, 3)
    assert beat(working, 1)


def test_failures_are_counted_and_those_in_a_row_are_over_with_the_first_success() -> None:
    board, step, shown = Board("quality"), Step(3), list[float | None]()

    def stopping() -> bool:
        shown.append(board.value(FAILING))
        return step.calls >= 5

    serve(step, stopping=stopping, clock=ManualClock(), board=board)

    assert shown == [None, 1, 2, 3, 0, 0]
    assert board.value(FAILURES) == 3


def test_what_is_unavailable_is_tried_again_with_growing_pauses() -> None:
    clock = ManualClock()

    run(Step(4), calls=6, clock=clock)

    assert clock.slept == [0.1, 0.2, 0.4, 0.8]


def test_failures_that_do_not_end_end_the_service() -> None:
    step = Step(1_000)

    with pytest.raises(TemporarilyUnavailable, match="the broker did not answer"):
        run(step, calls=1_000)
    assert step.calls == PATIENCE + 1


def test_a_success_makes_it_patient_again() -> None:
    class Flickering(Step):
        def __call__(self) -> None:
            self.calls += 1
            if self.calls % PATIENCE:
                raise self.error

    step = Flickering(0)
    run(step, calls=PATIENCE * 5)

    assert step.calls == PATIENCE * 5


def test_other_errors_are_not_retried() -> None:
    with pytest.raises(ConfigurationError, match="no such queue"):
        run(Step(1, ConfigurationError("no such queue")), calls=5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_request_to_stop(number: signal.Signals) -> None:
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        stopping = stop_on_signals()
        assert not stopping()
        os.kill(os.getpid(), number)
        assert stopping()
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)
