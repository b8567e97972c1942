"""The port of the book in which it stands what a person sent again: which record, which time, who, why, and where to.

`adapters.database.replay_book` and `adapters.memory_replays` implement it; `tests/ports/test_replay_book.py` holds both
to the same contract.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fraudstream.ports.cases import RecordPlace

MOST_ATTEMPTS = 3
"""How often one record may be sent again: what three tries don't mend is mended where it comes from."""


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """One record that is about to be sent again.

    `origin` is where it stood at first, however often it came back since; `attempt` counts its replays from 1; `author`
    is who sends it, and `reason` why.
    `repair` names what was changed, and is empty where the bytes are the same; `value_hash` is the hexadecimal
    BLAKE2b-128 digest of the bytes sent, as in the producers' journals.
    """

    origin: RecordPlace
    attempt: int
    author: str
    reason: str
    repair: str
    value_hash: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay as it stands in the book; `at` is in UTC, `role` the database role that wrote it down.

    With neither `sent` (its place in the log) nor an `error` its fate is unknown: the process died on the way, and the
    record may be in the log or not.
    """

    replay_id: int
    request: ReplayRequest
    role: str
    at: dt.datetime
    sent: RecordPlace | None = None
    error: str | None = None


class ReplayBook(Protocol):
    """The book; nothing in it is ever changed but the fate of a replay, once.

    Every method raises `TemporarilyUnavailable` if the store does not answer, and those that write raise
    `ConfigurationError` if they may not.
    """

    def begin(self, request: ReplayRequest) -> int:
        """Write down that a record is about to be sent, for good; returns the number of the replay.

        Raises:
            ImpossibleRequest: this attempt of this record is in the book already: somebody else was faster.
        """
        ...

    def settle(self, replay_id: int, sent: RecordPlace | str) -> None:
        """Write down where the log has it, or the error that kept it out."""
        ...

    def origins(self, places: Sequence[RecordPlace]) -> Mapping[RecordPlace, RecordPlace]:
        """Of those places where a replay was sent to: where its record stood at first."""
        ...

    def replays(self, origins: Sequence[RecordPlace]) -> Mapping[RecordPlace, Sequence[Replay]]:
        """Every replay of each record that has one, in order; records are named by where they stood at first."""
        ...

    def disclose(self, place: RecordPlace, *, author: str, reason: str) -> None:
        """Write down that somebody is about to see the bytes of a record unmasked, and why."""
        ...
