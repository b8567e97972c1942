"""Working the quarantine: looking at records that were refused, repairing them, sending them again."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from fraudstream.clock import Clock
from fraudstream.contracts.topics import MAX_MESSAGE_BYTES
from fraudstream.errors import ImpossibleRequest, MalformedEvent
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.quarantine import Fate, QuarantineDesk, QuarantineEntry, ReasonCount
from fraudstream.ports.records import LogReader
from fraudstream.ports.replays import Replay, ReplayBook
from fraudstream.rework.content import content_of
from fraudstream.rework.masking import shown
from fraudstream.rework.places import NamedPlace, written
from fraudstream.rework.repair import with_fields
from fraudstream.rework.sending import Order, Resender
from fraudstream.rework.shapes import SHAPES, Shape

LOOK_EVERY = 0.2
"""Seconds between two looks at what became of a record."""
DONE = frozenset({Fate.SCORED, Fate.STORED, Fate.DROPPED})
WORDS: Mapping[Fate, str] = {
    Fate.SCORED: "was scored",
    Fate.STORED: "was stored",
    Fate.DROPPED: "was dropped as a repeat of a payment that is known already",
    Fate.QUARANTINED: "was quarantined again",
    Fate.IN_FLIGHT: "is not read yet",
}
CONFLICT = "conflicting_id"


@dataclass(frozen=True)
class Worked:
    """A record in quarantine with every replay of it; `origin` is where it stood before the first of them.

    `fate` is what became of the last replay that reached the log.
    """

    entry: QuarantineEntry
    origin: RecordPlace
    replays: Sequence[Replay] = ()
    fate: Fate | None = None


@dataclass(frozen=True)
class Repair:
    """What a person changes before a record is sent again: some of its fields, or all of its bytes."""

    fields: Mapping[str, str] = field(default_factory=dict)
    value: bytes | None = None

    def of(self, value: bytes, shape: Shape) -> bytes:
        """The repaired bytes.

        Raises:
            ImpossibleRequest: the fields can't be set.
        """
        if self.value is not None:
            return self.value
        return with_fields(value, self.fields, shape.contract) if self.fields else value

    @property
    def name(self) -> str:
        """What is changed, for the book; no value stands in it."""
        return "all of it" if self.value is not None else ", ".join(self.fields)


@dataclass(frozen=True)
class QuarantineWork:
    """What there is to do with the quarantine; `max_future` is how far a payment may lie ahead, in seconds."""

    desk: QuarantineDesk
    book: ReplayBook
    log: LogReader
    clock: Clock
    max_future: float
    shapes: Mapping[str, Shape] = field(default_factory=lambda: SHAPES)

    def counts(self, reason: str | None = None) -> Sequence[ReasonCount]:
        """How many there are for each log and reason."""
        return self.desk.counts(reason)

    def newest(self, most: int, reason: str | None = None) -> Sequence[Worked]:
        """The newest records, with what was tried already."""
        return self._worked(self.desk.newest(most, reason))

    def find(self, place: NamedPlace) -> Worked:
        """One record.

        Raises:
            ImpossibleRequest: it is not in quarantine.
        """
        entry = self.desk.find(place.topic, place.partition, place.offset)
        if entry is None:
            raise ImpossibleRequest(f"{place} is not in quarantine; `fraudstream quarantine list` shows what is")
        return self._worked([entry])[0]

    def raw(self, worked: Worked, *, author: str, reason: str) -> bytes:
        """The exact bytes of a record, for somebody who may see them: that they have is in the book before."""
        self.book.disclose(worked.entry.place, author=author, reason=reason)
        return content_of(worked.entry, self.log).value

    def replay(self, worked: Worked, repair: Repair, order: Order, resender: Resender) -> RecordPlace:
        """Send a record again; returns where it stands now.

        Raises:
            ImpossibleRequest: there is nothing to mend any more, it was tried too often, or it would be refused again
                (unless the order says `anyway`).
            ConfigurationError: the book may not be written.
            TemporarilyUnavailable: see `Resender.send`.
        """
        place = worked.entry.place
        resender.check(worked.replays)
        _check_fate(worked)
        shape = self.shapes.get(place.topic)
        if shape is None:
            raise ImpossibleRequest(f"{place.topic} is no log whose records can be sent again")
        content = None if repair.value is not None else content_of(worked.entry, self.log)
        value = repair.of(b"" if content is None else content.value, shape)
        if not order.anyway:
            self._check_value(worked.entry, value, None if content is None else content.value, shape)
        return resender.send(
            worked.origin,
            place.topic,
            None if content is None else content.key,
            value,
            order,
            attempt=len(worked.replays) + 1,
            repair=repair.name,
        )

    def follow(self, place: RecordPlace, *, patience: float) -> Fate:
        """What became of a record within `patience` seconds."""
        deadline = self.clock.monotonic() + patience
        while True:
            fate = self.desk.fates([place])[place]
            if fate != Fate.IN_FLIGHT or self.clock.monotonic() >= deadline:
                return fate
            self.clock.sleep(LOOK_EVERY)

    def _worked(self, entries: Sequence[QuarantineEntry]) -> list[Worked]:
        places = [entry.place for entry in entries]
        origins = self.book.origins(places)
        roots = [origins.get(place, place) for place in places]
        replays = self.book.replays(list(dict.fromkeys(roots)))
        last = {root: _last_sent(some) for root, some in replays.items()}
        fates = self.desk.fates([place for place in last.values() if place is not None])
        return [
            Worked(entry, root, replays.get(root, ()), None if (sent := last.get(root)) is None else fates[sent])
            for entry, root in zip(entries, roots, strict=True)
        ]

    def _check_value(self, entry: QuarantineEntry, value: bytes, before: bytes | None, shape: Shape) -> None:
        if len(value) > MAX_MESSAGE_BYTES:
            raise ImpossibleRequest(f"it has {len(value):,} bytes, and a record has {MAX_MESSAGE_BYTES:,} at the most")
        try:
            shape.check(value, self.clock.now() + self.max_future)
        except MalformedEvent as error:
            raise ImpossibleRequest(
                f"it would come back, {error.reason}: {shown(error.detail.encode())}. Repair it with --set or --file, "
                "or send it --anyway where the reader is newer than this program"
            ) from error
        if entry.reason == CONFLICT and before is not None and _same_id(value, before):
            raise ImpossibleRequest(
                "it would come back, conflicting_id: another payment has its id. Give it one of its own with "
                "--set transaction_id=..., or leave it"
            )


class _Identified(msgspec.Struct):
    transaction_id: uuid.UUID


def _same_id(one: bytes, other: bytes) -> bool:
    decode = msgspec.json.Decoder(_Identified).decode
    return decode(one).transaction_id == decode(other).transaction_id


def _last_sent(replays: Sequence[Replay]) -> RecordPlace | None:
    return next((replay.sent for replay in reversed(replays) if replay.sent is not None), None)


def _check_fate(worked: Worked) -> None:
    sent = _last_sent(worked.replays)
    if sent is None:
        return
    if worked.fate is not None and worked.fate in DONE:
        raise ImpossibleRequest(f"its replay {written(sent)} {WORDS[worked.fate]}: nothing is left to do")
    if worked.fate == Fate.IN_FLIGHT:
        raise ImpossibleRequest(f"its replay {written(sent)} is still on its way; look again once it is read")
