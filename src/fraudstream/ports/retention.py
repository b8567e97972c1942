"""What retention knows of the stored past, as values."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

Place = tuple[str, int]
"""Topic id and partition of a log."""


@dataclass(frozen=True)
class StoredMonth:
    """One month of scored rows, by the broker's time (UTC), and what still holds on to it.

    `ends` has the offset after the last row of each log; `open_alerts` and `waiting_labels` are counts.
    """

    begins: dt.datetime
    ends_at: dt.datetime
    rows: int
    oldest: dt.datetime | None
    newest: dt.datetime | None
    ends: Mapping[Place, int]
    open_alerts: int
    waiting_labels: int


@dataclass(frozen=True)
class LogsNow:
    """Where the logs stand.

    `topic_id` names the log of payments as the broker has it, `first_offsets` what it still holds; `positions` is how
    far each log was scored, `archived` how far it was archived, and `kept` how long the broker keeps a record, if not
    for ever.
    """

    topic_id: str
    first_offsets: Mapping[int, int]
    positions: Mapping[Place, int]
    archived: Mapping[Place, int]
    kept: dt.timedelta | None


@dataclass(frozen=True)
class Removal:
    """What goes, or went: `rows` of `what`, of which the oldest and the newest are of these times, where known."""

    what: str
    rows: int
    oldest: dt.datetime | None = None
    newest: dt.datetime | None = None
