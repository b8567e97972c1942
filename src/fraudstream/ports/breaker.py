"""The port of the alert breaker: alerts that are held back, and how they are let go."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from fraudstream.contracts.topics import ALERTS
from fraudstream.ports.delivery import OutboxRow

OPEN, HELD = "open", "held"
"""Status of an alert that takes its way, and of one that is held back."""


@dataclass(frozen=True)
class HoldStatus:
    """How many alerts are held, since when the first of them is, and how many a window's budget has paid for."""

    held: int
    since: dt.datetime | None
    published: int


class HeldAlerts(Protocol):
    """The alerts that are held back."""

    def status(self, window: float) -> HoldStatus:
        """What is held now, and what was published in the window that began then (seconds since 1970 UTC).

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...

    def release(self, alert_id: uuid.UUID | None = None) -> int:
        """Let one alert go, or all, without charging a budget; returns how many alerts that were.

        An alert takes those of the same customer with it that stand before it, so that their order holds.

        Raises:
            TemporarilyUnavailable: the store did not answer; nothing was released.
        """
        ...


def within(rows: Iterable[OutboxRow], left: int) -> list[OutboxRow]:
    """The rows in their order, alerts beyond the `left` that may still be published marked as held.

    Whatever a person released costs nothing. Behind a held alert its customer's later ones are held, too.
    """
    judged: list[OutboxRow] = []
    blocked: set[bytes] = set()
    for row in rows:
        if row.topic != ALERTS:
            judged.append(row)
        elif row.key in blocked or (left <= 0 and not row.released):
            blocked.add(row.key)
            judged.append(replace(row, held=True))
        else:
            left -= not row.released
            judged.append(row)
    return judged


def costs(row: OutboxRow) -> bool:
    """Whether publishing this row is charged to the budget."""
    return row.topic == ALERTS and not row.released
