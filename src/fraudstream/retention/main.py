"""Retention as a command, and as a service that runs it again and again."""

import datetime as dt
import json
from collections.abc import Iterator

import structlog

from fraudstream import logs
from fraudstream.adapters.database.retention_store import PostgresRetention
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.clock import Clock, SystemClock
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board, exported
from fraudstream.metrics.catalogue import REMOVED, RETAINED_AT
from fraudstream.retention.run import Outcome, Retention
from fraudstream.service import serve, stop_on_signals
from fraudstream.settings import DatabaseSettings, KafkaSettings, RetentionSettings

IDLE = 0.5
"""Seconds between two looks at whether it is time to run, or to stop."""


def retain(*, dry_run: bool, json_only: bool) -> str:
    """Run once; returns what to print.

    Raises:
        ConfigurationError: a setting is missing or contradicts another or the topic's, or the role may not delete.
        TemporarilyUnavailable: database or broker did not answer.
    """
    logs.beside_the_answer()
    outcome = _retention(SystemClock()).run(dry_run=dry_run)
    return as_json(outcome) if json_only else "\n".join(lines(outcome))


def watch(*, every: float) -> None:
    """Run every so many seconds, until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: as of `retain`.
        TemporarilyUnavailable: database or broker did not answer for minutes.
    """
    logs.configure("retention")
    stopping = stop_on_signals()
    clock = SystemClock()
    with exported("retention") as board:
        keeper = Keeper(_retention(clock), every, clock, board)
        structlog.get_logger().info("retention ready", every=every)
        serve(keeper.step, stopping=stopping, clock=clock, heartbeat=Heartbeat.load(), board=board)


class Keeper:
    """Runs retention when its time has come; `every` is in seconds of the clock it is given."""

    def __init__(self, retention: Retention, every: float, clock: Clock, board: Board | None = None) -> None:
        self._retention = retention
        self._every = every
        self._clock = clock
        self._board = board or Board("retention")
        self._due = float("-inf")

    def step(self) -> None:
        """Run if it is time, or wait for a moment.

        Raises:
            ConfigurationError: as of `retain`.
            TemporarilyUnavailable: something did not answer; the next step tries again.
        """
        if self._clock.monotonic() < self._due:
            self._clock.sleep(IDLE)
            return
        outcome = self._retention.run(dry_run=False)
        self._due = self._clock.monotonic() + self._every
        self._board.set(RETAINED_AT, self._clock.now())
        for removal in outcome.removals:
            self._board.count(REMOVED, removal.rows, removal.what)
        for line in lines(outcome):
            structlog.get_logger().info("retention", told=line)


def lines(outcome: Outcome) -> Iterator[str]:
    """What people read of a run."""
    for removal in outcome.removals:
        times = f"  {_day(removal.oldest)} to {_day(removal.newest)}" if removal.oldest else ""
        yield f"{removal.what:<22}{removal.rows:>14,}{times}"
    for reason in outcome.stays:
        yield f"stays: {reason}"
    yield f"{'would go' if outcome.dry_run else 'gone'}: {outcome.rows:,} rows"


def as_json(outcome: Outcome) -> str:
    """The same for machines, on one line; times are ISO 8601."""
    removals = [
        {"what": r.what, "rows": r.rows, "oldest": _moment(r.oldest), "newest": _moment(r.newest)}
        for r in outcome.removals
    ]
    return json.dumps({"dry_run": outcome.dry_run, "removals": removals, "stays": list(outcome.stays)})


def _day(moment: dt.datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def _moment(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _retention(clock: Clock) -> Retention:
    return Retention(
        store=PostgresRetention(DatabaseSettings.load().database_url.get_secret_value()),
        log=KafkaAdmin(KafkaSettings.load()),
        settings=RetentionSettings.load(),
        clock=clock,
    )
