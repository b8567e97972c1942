"""`ReplayBook` in memory, held to the same suite as the one on Postgres."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fraudstream.clock import Clock, ManualClock
from fraudstream.errors import ImpossibleRequest
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.replays import Replay, ReplayRequest

ROLE = "memory"


@dataclass
class MemoryReplayBook:
    """Keeps replays by number, and disclosures in order."""

    clock: Clock = field(default_factory=ManualClock)
    book: dict[int, Replay] = field(default_factory=dict)
    disclosures: list[tuple[RecordPlace, str, str]] = field(default_factory=list)

    def begin(self, request: ReplayRequest) -> int:
        """See `ReplayBook.begin`."""
        known = {(replay.request.origin, replay.request.attempt) for replay in self.book.values()}
        if (request.origin, request.attempt) in known:
            raise ImpossibleRequest("somebody else has just sent this record again; look at it first")
        number = len(self.book) + 1
        self.book[number] = Replay(number, request, ROLE, dt.datetime.fromtimestamp(self.clock.now(), dt.UTC))
        return number

    def settle(self, replay_id: int, sent: RecordPlace | str) -> None:
        """See `ReplayBook.settle`."""
        replay = self.book[replay_id]
        if replay.sent is None and replay.error is None:
            self.book[replay_id] = replace(replay, error=sent) if isinstance(sent, str) else replace(replay, sent=sent)

    def origins(self, places: Sequence[RecordPlace]) -> Mapping[RecordPlace, RecordPlace]:
        """See `ReplayBook.origins`."""
        sent = {replay.sent: replay.request.origin for replay in self.book.values()}
        return {place: sent[place] for place in places if place in sent}

    def replays(self, origins: Sequence[RecordPlace]) -> Mapping[RecordPlace, Sequence[Replay]]:
        """See `ReplayBook.replays`."""
        found = {
            origin: [replay for replay in self.book.values() if replay.request.origin == origin] for origin in origins
        }
        return {origin: replays for origin, replays in found.items() if replays}

    def disclose(self, place: RecordPlace, *, author: str, reason: str) -> None:
        """See `ReplayBook.disclose`."""
        self.disclosures.append((place, author, reason))
