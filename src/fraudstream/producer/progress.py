"""Progress of a run: a live line on a terminal, a log line every few seconds elsewhere; always standard error."""

import datetime as dt
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

import structlog
from rich.console import Console

from fraudstream.clock import Clock
from fraudstream.metrics.board import Board
from fraudstream.producer.figures import SendingFigures
from fraudstream.producer.sending import Summary

TERMINAL_INTERVAL, PLAIN_INTERVAL = 0.2, 5.0
"""Seconds between two lines."""


class Progress(AbstractContextManager["Progress"]):
    """Tells how far a run has come."""

    def __init__(self, clock: Clock, console: Console | None = None, board: Board | None = None) -> None:
        self._clock = clock
        self._figures = SendingFigures(board or Board("producer"))
        self._console = console or Console(stderr=True)
        self._status = self._console.status("starting") if self._console.is_terminal else None
        self._interval = TERMINAL_INTERVAL if self._console.is_terminal else PLAIN_INTERVAL
        self._last = (clock.monotonic(), 0)

    def __enter__(self) -> Self:
        """Open the live line on a terminal."""
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it again."""
        if self._status is not None:
            self._status.stop()

    def preparing(self, done: int, total: int) -> None:
        """So many days of the history are remade."""
        if self._status is not None:
            self._status.update(f"remaking the history: day {done} of {total}")

    def report(self, summary: Summary, payments: int, simulated: float | None = None) -> None:
        """Show the account if it is time again.

        `payments` is how many of the records sent are payments, or lines of a file; `simulated` is the simulated
        clock, in seconds since 1970 UTC.
        """
        self._figures.show(summary, self._clock.now())
        now = self._clock.monotonic()
        since, before = self._last
        if now - since < self._interval:
            return
        rate = (payments - before) / (now - since)
        self._last = (now, payments)
        clock = None if simulated is None else f"{dt.datetime.fromtimestamp(simulated, dt.UTC):%Y-%m-%d %H:%M:%S}"
        if self._status is not None:
            self._status.update(
                f"{payments:,} payments sent ({rate:,.0f}/s); {summary.acknowledged:,} of {summary.sent:,} records "
                f"acknowledged, {summary.failed:,} failed" + (f"; simulated time {clock}" if clock else "")
            )
            return
        structlog.get_logger().info(
            "sending",
            payments=payments,
            per_second=round(rate),
            records=summary.sent,
            acknowledged=summary.acknowledged,
            failed=summary.failed,
            **({} if clock is None else {"simulated_time": clock}),
        )
