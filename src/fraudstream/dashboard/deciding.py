"""Decisions about alerts: taken once, said as labels where they say what a payment was, and written down."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from fraudstream.adapters.database.alert_queue import AlertRow, Wanted
from fraudstream.adapters.database.decision_book import Outcome
from fraudstream.analyst.labelling import Word
from fraudstream.dashboard.asking import identifier
from fraudstream.dashboard.parts import Parts
from fraudstream.errors import FraudstreamError, ImpossibleRequest

MOST_AT_ONCE = 200
"""Alerts one decision may be about."""
SNOOZES = (1, 4, 24, 72)
"""Hours an alert may sleep."""
OPEN = frozenset({"open", "held", "snoozed"})
DONE = {"fraud": "confirmed as fraud", "genuine": "confirmed as genuine", "snooze": "snoozed"}


@dataclass(frozen=True)
class Seen:
    """An alert as whoever decides saw it: how often people had decided about it, and what was known."""

    alert_id: uuid.UUID
    turn: int
    status: str

    @classmethod
    def read(cls, text: str) -> "Seen":
        """Read `alert:turn:status`, as the page writes it.

        Raises:
            ImpossibleRequest: it is not that.
        """
        named, _, rest = text.partition(":")
        turn, _, status = rest.partition(":")
        alert_id = identifier(named)
        if alert_id is None or not (turn.isascii() and turn.isdigit() and len(turn) < 10):  # noqa: PLR2004
            raise ImpossibleRequest("the page has sent something that is no alert; load it again")
        return cls(alert_id, int(turn), status)


@dataclass(frozen=True)
class Verdict:
    """What somebody decides."""

    outcome: Outcome
    note: str
    author: str
    hours: int = SNOOZES[0]

    @classmethod
    def read(cls, outcome: str, note: str, author: str, hours: str) -> "Verdict":
        """Raises `ImpossibleRequest` if there is no such decision."""
        if outcome not in get_args(Outcome):
            raise ImpossibleRequest("decide for fraud, genuine or snooze")
        chosen = next((each for each in SNOOZES if str(each) == hours), SNOOZES[0])
        return cls(outcome, note, author, chosen)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Decided:
    """What became of one decision; `told` is a sentence about what came in between, or went wrong."""

    alert_id: uuid.UUID
    told: str = ""

    @property
    def well(self) -> bool:
        """Whether it counts."""
        return not self.told


def decide(parts: Parts, seen: Sequence[Seen], verdict: Verdict) -> list[Decided]:
    """Decide about alerts, one after the other; what came in between is told and changes nothing.

    Raises:
        ImpossibleRequest: too many at once, or none.
        TemporarilyUnavailable: the database did not answer; those named before are decided.
    """
    if not 0 < len(seen) <= MOST_AT_ONCE:
        raise ImpossibleRequest(f"decide about 1 to {MOST_AT_ONCE} alerts at once")
    return [Decided(each.alert_id, _decide(parts, each, verdict)) for each in seen]


def _decide(parts: Parts, seen: Seen, verdict: Verdict) -> str:
    found = [row for row in parts.queue.find(Wanted(state="all", named=seen.alert_id)) if row.alert_id == seen.alert_id]
    if not found:
        return "there is no such alert"
    row = found[0]
    if row.turn != seen.turn:
        return _between(row)
    if (row.status in OPEN) != (seen.status in OPEN) or (row.status not in OPEN and row.status != seen.status):
        return f"it is {row.status} by now, by a label that came in between; look again, then decide"
    if verdict.outcome == "snooze" and row.status not in OPEN:
        return f"it is {row.status} already, and sleeps no more"
    until = None
    if verdict.outcome == "snooze":
        until = dt.datetime.fromtimestamp(parts.clock.now(), dt.UTC) + dt.timedelta(hours=verdict.hours)
    taken = parts.book.take(row.alert_id, seen.turn + 1, verdict.author, verdict.outcome, verdict.note, until)
    if taken is None:
        return _between(_again(parts, row))
    return _say(parts, row, verdict, taken)


def _say(parts: Parts, row: AlertRow, verdict: Verdict, taken: int) -> str:
    if verdict.outcome == "snooze":
        parts.book.settle(taken)
        return ""
    try:
        parts.labelling.say(Word(named=row.transaction_id, is_fraud=verdict.outcome == "fraud"))
    except FraudstreamError as error:
        parts.book.settle(taken, str(error))
        return f"written down, but its label is not out: {error}. Decide again"
    parts.book.settle(taken)
    return ""


def _again(parts: Parts, row: AlertRow) -> AlertRow:
    now = parts.queue.find(Wanted(state="all", named=row.alert_id))
    return now[0] if now else row


def _between(row: AlertRow) -> str:
    word = DONE.get(row.outcome or "", "decided")
    return f"{row.decided_by or 'somebody'} has {word} it meanwhile; look again, then decide"
