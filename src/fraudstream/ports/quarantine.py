"""The port of whoever works the quarantine: what is there and why, and what became of a record that was sent again.

`adapters.database.quarantine_desk` and `adapters.memory_quarantine` implement it;
`tests/ports/test_quarantine_desk.py` holds both to the same contract. All times are in UTC.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fraudstream.contracts.quarantine import RAW_LIMIT, masked
from fraudstream.ports.cases import RecordPlace


class Fate(StrEnum):
    """What became of a record that was sent."""

    IN_FLIGHT = "in flight"
    """It is not reached yet."""
    SCORED = "scored"
    STORED = "stored"
    """It is a label, and it is stored."""
    QUARANTINED = "quarantined"
    DROPPED = "repeat"
    """The same payment is known from another place, so it was dropped."""


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many records of one log are in quarantine for one reason; `first` and `last` are the broker's times."""

    topic: str
    reason: str
    records: int
    first: dt.datetime
    last: dt.datetime


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """One record in quarantine; `raw` are its bytes as far as they are kept, masked and bounded."""

    place: RecordPlace
    reason: str
    detail: str
    raw: bytes
    raw_size: int
    log_time: dt.datetime

    @property
    def exact(self) -> bytes | None:
        """The very bytes of the record, if nothing was masked or cut off; nothing where that can't be told.

        Masking leaves runs of asterisks of the same length behind. Nobody can say of such a run what it was.
        """
        if self.raw_size > RAW_LIMIT or len(self.raw) != self.raw_size or b"*" * 9 in self.raw:
            return None
        return self.raw if masked(self.raw) == self.raw else None


class QuarantineDesk(Protocol):
    """Looks at the quarantine; every method raises `TemporarilyUnavailable` if the store does not answer."""

    def counts(self, reason: str | None = None) -> Sequence[ReasonCount]:
        """How many there are for each log and reason, the most first."""
        ...

    def newest(self, most: int, reason: str | None = None) -> Sequence[QuarantineEntry]:
        """The newest `most` records by the broker's time, the newest first."""
        ...

    def find(self, topic: str, partition: int, offset: int) -> QuarantineEntry | None:
        """The record at this place; the newest log's, if there were several logs of this name."""
        ...

    def fates(self, places: Sequence[RecordPlace]) -> Mapping[RecordPlace, Fate]:
        """What became of the records at each of these places."""
        ...
