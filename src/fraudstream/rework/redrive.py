"""Alerts that could not be delivered, and their way back: to the topic they came from, byte for byte.

Our own trigger parks them with where they stood and why; AWS's event source mapping writes the records themselves.

An alert keeps its id, so one that was notified after all is suppressed by whoever remembers notified ids.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fraudstream.contracts.alert import Alert, parse_alert
from fraudstream.contracts.parked import ParkedRecord, parse_parked
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS
from fraudstream.errors import ImpossibleRequest, MalformedEvent
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.records import LogReader, Record
from fraudstream.ports.replays import MOST_ATTEMPTS, Replay, ReplayBook
from fraudstream.rework.places import NamedPlace, written
from fraudstream.rework.sending import Order, Resender

WINDOW = 5_000
"""Records of the on-failure topic looked at, the newest of each partition."""


class Standing(StrEnum):
    """What is to be done about a parked record."""

    WAITS = "waits"
    """Nobody has sent it again, or the broker did not take it."""
    UNKNOWN = "unknown"
    """It was being sent when the process died."""
    SENT = "sent"
    """It is sent again and has not come back."""
    CAME_BACK = "came back"
    """It was parked again; that record stands for it now."""
    SPENT = "spent"
    """It came back too often."""
    POISON = "no alert"
    """It would come back: what it holds is no alert."""


OPEN = frozenset({Standing.WAITS, Standing.UNKNOWN})


@dataclass(frozen=True)
class Parked:
    """One parked record; `place` is in the on-failure topic, `origin` where its alert was parked at first.

    `record` is empty where somebody wrote something else into the topic, `alert` where its bytes are none or are not
    in it.
    """

    place: RecordPlace
    parked_at: float
    record: ParkedRecord | None
    alert: Alert | None
    value: bytes | None
    origin: RecordPlace
    replays: Sequence[Replay]
    standing: Standing


Found = tuple[RecordPlace, Record, ParkedRecord | None]


@dataclass(frozen=True)
class RedriveWork:
    """Reads the on-failure topic of an alert topic, and sends what is in it back."""

    log: LogReader
    book: ReplayBook
    topic: str = ALERTS
    failed_topic: str = FAILED_ALERTS
    window: int = WINDOW
    most: int = MOST_ATTEMPTS

    def parked(self) -> Sequence[Parked]:
        """The newest parked records, in the order in which they were parked in each partition.

        Raises:
            ConfigurationError: there is no such topic.
            TemporarilyUnavailable: broker or book did not answer.
        """
        failed = self.log.describe(self.failed_topic)
        alerts_id = self.log.describe(self.topic).topic_id
        found: list[Found] = []
        for partition, (first, end) in failed.bounds.items():
            for record in self.log.read(self.failed_topic, partition, max(first, end - self.window), end):
                place = RecordPlace(self.failed_topic, failed.topic_id, partition, record.offset)
                found.append((place, record, _read(record) or _bare_alert(record)))
        came_from = {
            place: RecordPlace(self.topic, alerts_id, parked.partition, parked.offset)
            for place, _, parked in found
            if parked is not None and not self._is_bare(parked)
        }
        origins = self.book.origins(list(came_from.values()))
        bare = self._bare(found)
        roots = {place: origins.get(source, place) for place, source in came_from.items()} | bare
        replays = self.book.replays(list(dict.fromkeys(roots.values())))
        came_from |= _came_back(bare, replays)
        newest = {root: place for place, root in roots.items()}
        entries = []
        for place, record, parked in found:
            root = roots.get(place, place)
            mine = replays.get(root, ())
            value = None if parked is None else self._value(parked)
            alert = None if value is None else _alert(value)
            last = place == newest.get(root, place)
            standing = self._standing(alert, mine, came_from.get(place), last=last)
            entries.append(Parked(place, record.log_time, parked, alert, value, root, mine, standing))
        return entries

    def find(self, place: NamedPlace) -> Parked:
        """One parked record.

        Raises:
            ImpossibleRequest: it is not there.
        """
        for parked in self.parked():
            if (parked.place.topic, parked.place.partition, parked.place.offset) == (
                place.topic,
                place.partition,
                place.offset,
            ):
                return parked
        raise ImpossibleRequest(f"{place} is not parked; `fraudstream redrive list` shows what is")

    def send(self, parked: Parked, order: Order, resender: Resender) -> RecordPlace:
        """Send a parked alert back; returns where it stands now.

        Raises:
            ImpossibleRequest: it was sent already, came back too often, or would come back (unless the order says
                `anyway`).
            ConfigurationError: the book may not be written.
            TemporarilyUnavailable: see `Resender.send`.
        """
        resender.check(parked.replays)
        if parked.standing == Standing.SENT:
            raise ImpossibleRequest("it is sent again already and has not come back")
        if parked.standing == Standing.CAME_BACK:
            raise ImpossibleRequest("it came back and was parked again; the newer record stands for it")
        if parked.value is None or parked.record is None:
            raise ImpossibleRequest("its bytes are neither here nor in the log any more")
        if parked.standing == Standing.POISON and not order.anyway:
            raise ImpossibleRequest("it is no alert and would be parked again; send it --anyway if you know better")
        return resender.send(
            parked.origin,
            self.topic,
            parked.record.key,
            parked.value,
            order,
            attempt=len(parked.replays) + 1,
            repair="",
        )

    def _is_bare(self, parked: ParkedRecord) -> bool:
        return parked.topic == self.failed_topic

    def _bare(self, found: Sequence[Found]) -> dict[RecordPlace, RecordPlace]:
        """The first record of the same alert, for each that does not say where it stood before."""
        first: dict[str, RecordPlace] = {}
        return {
            place: first.setdefault(str(parse_alert(parked.value or b"").alert_id), place)
            for place, _, parked in found
            if parked is not None and self._is_bare(parked)
        }

    def _value(self, parked: ParkedRecord) -> bytes | None:
        """What was parked; a record too large to be parked whole is looked up where it came from."""
        if parked.value is not None:
            return parked.value
        first, end = self.log.describe(self.topic).bounds.get(parked.partition, (0, 0))
        if parked.topic != self.topic or not first <= parked.offset < end:
            return None
        records = self.log.read(self.topic, parked.partition, parked.offset, parked.offset + 1)
        same = [r.value for r in records if (r.key, r.log_time) == (parked.key, parked.timestamp)]
        return same[0] if same else None

    def _standing(
        self, alert: Alert | None, replays: Sequence[Replay], came_from: RecordPlace | None, *, last: bool
    ) -> Standing:
        if not last:
            return Standing.CAME_BACK
        tried = replays[-1] if replays else None
        if tried is not None and tried.sent is not None and tried.sent != came_from:
            return Standing.SENT
        if len(replays) >= self.most:
            return Standing.SPENT
        if alert is None:
            return Standing.POISON
        return Standing.UNKNOWN if tried is not None and (tried.sent, tried.error) == (None, None) else Standing.WAITS


def open_alerts(parked: Sequence[Parked]) -> list[Parked]:
    """Those that may be sent back without a second thought."""
    return [item for item in parked if item.standing in OPEN]


def counted(parked: Sequence[Parked]) -> Mapping[Standing, int]:
    """How many there are of each standing."""
    return {standing: sum(item.standing == standing for item in parked) for standing in Standing}


def named(parked: Parked) -> str:
    """The record's own name."""
    return written(parked.place)


def _read(record: Record) -> ParkedRecord | None:
    try:
        return parse_parked(record.value)
    except MalformedEvent:
        return None


def _bare_alert(record: Record) -> ParkedRecord | None:
    """An alert that was parked as it is; neither where it stood nor how often it was tried is known."""
    if record.value is None or _alert(record.value) is None:
        return None
    return ParkedRecord(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.log_time,
        reason="function_failed",
        detail="parked as it is, as AWS's event source mapping does",
        attempts=0,
        key=record.key,
        value=record.value,
    )


def _came_back(
    roots: Mapping[RecordPlace, RecordPlace], replays: Mapping[RecordPlace, Sequence[Replay]]
) -> dict[RecordPlace, RecordPlace]:
    """Where the newest record of an alert stood before it was parked again, if it stands there more often than sent."""
    newest = {root: place for place, root in roots.items()}
    times = Counter(roots.values())
    found = {}
    for root, place in newest.items():
        sent = [replay.sent for replay in replays.get(root, ()) if replay.sent is not None]
        if sent and times[root] > len(sent):
            found[place] = sent[-1]
    return found


def _alert(value: bytes) -> Alert | None:
    try:
        return parse_alert(value)
    except MalformedEvent:
        return None
