"""Live quality as a command, and as a service that measures again and again."""

import contextlib
import sys

import structlog
from rich.console import Console

from fraudstream import logs
from fraudstream.adapters.database.quality_store import PostgresQuality
from fraudstream.clock import Clock, SystemClock
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board, exported
from fraudstream.quality.export import show_on
from fraudstream.quality.measure import Measurement, Wanted
from fraudstream.quality.sheet import show_cohorts, show_days, summary
from fraudstream.service import serve, stop_on_signals
from fraudstream.settings import DatabaseSettings

IDLE = 0.5
"""Seconds between two looks at whether it is time to measure, or to stop."""


def show(wanted: Wanted, *, json_only: bool = False, storing: bool = False) -> bool:
    """Measure once and print it; with `storing`, keep it, too.

    Args:
        wanted: the days.
        json_only: print one line of JSON instead of tables.
        storing: write what was measured into its tables.

    Returns:
        Whether there was anything to measure.

    Raises:
        ConfigurationError: a setting is missing, or the database role may not store.
        TemporarilyUnavailable: the database did not answer.
    """
    store = _store()
    try:
        quality = Measurement(store, storing=storing).run(wanted)
    finally:
        store.close()
    if quality is None:
        return False
    if json_only:
        sys.stdout.write(f"{quality.to_json()}\n")
    elif wanted.day is not None:
        show_cohorts(wanted.day, quality, Console())
    else:
        show_days(quality, Console())
    return True


def watch(wanted: Wanted, *, every: float) -> None:
    """Measure, store and export every so many seconds, until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: a setting is missing, or the database role may not store.
        TemporarilyUnavailable: the database did not answer for minutes.
    """
    logs.configure("quality")
    stopping = stop_on_signals()
    clock, heart = SystemClock(), Heartbeat.load()
    with exported("quality") as board, contextlib.closing(_store()) as store:
        watcher = Watcher(Measurement(store, storing=True), wanted, every, clock, board)
        structlog.get_logger().info("live quality ready", every=every)
        serve(watcher.step, stopping=stopping, clock=clock, heartbeat=heart, board=board)


class Watcher:
    """Measures when its time has come; `every` is in seconds of the clock it is given."""

    def __init__(self, measurement: Measurement, wanted: Wanted, every: float, clock: Clock, board: Board) -> None:
        self._measurement = measurement
        self._wanted = wanted
        self._every = every
        self._clock = clock
        self._board = board
        self._due = float("-inf")

    def step(self) -> None:
        """Measure if it is time, or wait for a moment.

        Raises:
            ConfigurationError: the database role may not store.
            TemporarilyUnavailable: the database did not answer; the next step tries again.
        """
        if self._clock.monotonic() < self._due:
            self._clock.sleep(IDLE)
            return
        quality = self._measurement.run_if_new(self._wanted)
        self._due = self._clock.monotonic() + self._every
        if quality is not None:
            show_on(self._board, quality, now=self._clock.now())
            structlog.get_logger().info("live quality", newest=summary(quality))


def _store() -> PostgresQuality:
    return PostgresQuality(DatabaseSettings.load().database_url.get_secret_value())
