"""The alert breaker: how many alerts an hour may have, and a word in the log when it is full."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from fraudstream.clock import Clock
from fraudstream.ports.breaker import HoldStatus
from fraudstream.ports.delivery import AlertBudget, OutboxRow

WINDOW = 3_600.0
"""Seconds in a window; windows begin with the hours of UTC."""

log = structlog.get_logger()


def window_of(moment: float) -> float:
    """The beginning of the window that a moment lies in; both in seconds since 1970 UTC."""
    return moment - moment % WINDOW


@dataclass
class Breaker:
    """Allows `alerts_per_hour` alerts in every hour of its clock; the count is kept where the alerts are."""

    clock: Clock
    alerts_per_hour: int
    _told: float | None = None

    def budget(self) -> AlertBudget:
        """What may be published now."""
        return AlertBudget(window_of(self.clock.now()), self.alerts_per_hour)

    def note(self, rows: Sequence[OutboxRow], budget: AlertBudget) -> None:
        """Say so in the log, once in a window, when alerts are held."""
        if budget.window != self._told and any(row.held for row in rows):
            self._told = budget.window
            until = dt.datetime.fromtimestamp(budget.window + WINDOW, dt.UTC)
            log.warning(
                "the hour's alerts are published, further ones are held; `fraudstream breaker` shows and releases them",
                alerts_per_hour=self.alerts_per_hour,
                until=until.isoformat(),
            )


def status_lines(status: HoldStatus, alerts_per_hour: int | None) -> list[str]:
    """What is held, as people read it; `alerts_per_hour` is the budget as far as it is known here."""
    if status.since is None:
        held = "No alert is held."
    else:
        held = f"{status.held:,} alerts are held, the first of them since {status.since:%Y-%m-%d %H:%M:%S} UTC."
    if alerts_per_hour is None:
        return [held, "ALERTS_PER_HOUR is not set here: this environment knows no budget."]
    left = max(alerts_per_hour - status.published, 0)
    return [held, f"{status.published:,} of {alerts_per_hour:,} alerts are published this hour, {left:,} are left."]
