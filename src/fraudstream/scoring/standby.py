"""A second scorer beside the one at work: Spark runs, everything is loaded, and it waits for the right to score."""

import threading
from typing import Protocol

import structlog

from fraudstream.clock import Clock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.scoring.watch import CHECK_SECONDS

POLL_SECONDS = 0.1
"""How often the right is asked for; about as long as a death stays unnoticed."""
GRACE_SECONDS = 3 * CHECK_SECONDS
"""After the database was away, the scorer at work is given the time to take its right again first."""

log = structlog.get_logger()


class Right(Protocol):
    """What is needed of `adapters.database.scorer_runs.ScorerRuns`."""

    def try_acquire(self) -> bool:
        """Become the one scorer if nobody is."""
        ...

    def server_age(self) -> float:
        """Seconds since the database was started."""
        ...


def stand_by(right: Right, stopped: threading.Event, clock: Clock, heartbeat: Heartbeat) -> bool:
    """Wait until no other scorer is at work and this one has its right; returns whether that came before the stop.

    A database that does not answer is waited for. One that was started a moment ago has cost the scorer at work its
    right, but not its life.
    """
    log.info("standing by for the right to score")
    not_before = clock.monotonic()
    is_first = True
    while not stopped.is_set():
        try:
            if is_first:
                not_before = clock.monotonic() + max(GRACE_SECONDS - right.server_age(), 0.0)
                is_first = False
            if clock.monotonic() >= not_before and right.try_acquire():
                log.info("no other scorer is at work; taking over")
                return True
            heartbeat.beat()
        except TemporarilyUnavailable as error:
            if clock.monotonic() >= not_before:
                log.warning("the database does not answer", problem=str(error))
            not_before = clock.monotonic() + GRACE_SECONDS
        stopped.wait(POLL_SECONDS)
    return False
