"""How services run: a step again and again, until they are told to stop."""

import signal
import threading
from collections.abc import Callable

import structlog

from fraudstream.clock import Clock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import FAILING, FAILURES, WORKED_AT

PATIENCE = 20
"""Failures in a row after which a service ends; whoever supervises it decides what then."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds between two tries, growing from the first to the longest; all of them together a minute and a half."""

log = structlog.get_logger()


def stop_on_signals() -> Callable[[], bool]:
    """Turn SIGTERM and SIGINT into a question: shall this process stop?"""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped.is_set


def serve(
    step: Callable[[], object],
    *,
    stopping: Callable[[], bool],
    clock: Clock,
    heartbeat: Heartbeat | None = None,
    board: Board | None = None,
) -> None:
    """Call `step` until `stopping`; what is unavailable for a time is tried again, with growing pauses.

    The heart beats with every step that succeeds, and with no other: whoever has done nothing but wait for longer than
    the health check allows is unhealthy, although it goes on trying. The board shows each failure.

    Raises:
        TemporarilyUnavailable: the step failed more than `PATIENCE` times in a row.
    """
    heart = heartbeat or Heartbeat()
    failures = 0
    while not stopping():
        try:
            step()
        except TemporarilyUnavailable as error:
            failures += 1
            _show(board, failures)
            if failures > PATIENCE:
                raise
            log.warning("trying again", error=str(error), failures=failures)
            clock.sleep(min(FIRST_PAUSE * 2.0 ** (failures - 1), LONGEST_PAUSE))
        else:
            if failures:
                log.info("works again", failures=failures)
            failures = 0
            _show(board, failures)
            if board is not None:
                board.set(WORKED_AT, clock.now())
            heart.beat()


def _show(board: Board | None, failures: int) -> None:
    if board is not None:
        board.set(FAILING, failures)
        board.count(FAILURES, 1 if failures else 0)
