"""`QuarantineDesk` in memory, on the memory stores of labels and slices."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fraudstream.adapters.memory_labels import MemoryLabelStore
from fraudstream.adapters.memory_slices import MemorySliceStore
from fraudstream.contracts.quarantine import masked
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.quarantine import Fate, QuarantineEntry, ReasonCount

Key = tuple[str, int, int]


@dataclass(frozen=True)
class MemoryQuarantine:
    """Looks into the stores as they are now."""

    slices: MemorySliceStore
    labels: MemoryLabelStore
    label_topic_id: str

    def counts(self, reason: str | None = None) -> Sequence[ReasonCount]:
        """See `QuarantineDesk.counts`."""
        times = defaultdict[tuple[str, str], list[dt.datetime]](list)
        for entry in self._entries():
            if reason in (None, entry.reason):
                times[entry.place.topic, entry.reason].append(entry.log_time)
        counted = [ReasonCount(*key, len(some), min(some), max(some)) for key, some in times.items()]
        return sorted(counted, key=lambda count: (-count.records, count.topic, count.reason))

    def newest(self, most: int, reason: str | None = None) -> Sequence[QuarantineEntry]:
        """See `QuarantineDesk.newest`."""
        chosen = [entry for entry in self._entries() if reason in (None, entry.reason)]
        chosen.sort(key=lambda entry: (entry.place.topic, entry.place.partition, -entry.place.offset))
        return sorted(chosen, key=lambda entry: entry.log_time, reverse=True)[:most]

    def find(self, topic: str, partition: int, offset: int) -> QuarantineEntry | None:
        """See `QuarantineDesk.find`."""
        asked = topic, partition, offset
        found = [e for e in self._entries() if (e.place.topic, e.place.partition, e.place.offset) == asked]
        return found[-1] if found else None

    def fates(self, places: Sequence[RecordPlace]) -> Mapping[RecordPlace, Fate]:
        """See `QuarantineDesk.fates`."""
        refused = {_key(entry.place) for entry in self._entries()}
        scored = {
            (item.part.topic_id, item.part.partition, int(offset))
            for item in self.slices.slices
            for offset in item.result.scored.offset
        }
        return {place: self._fate(place, refused, scored) for place in places}

    def _fate(self, place: RecordPlace, refused: set[Key], scored: set[Key]) -> Fate:
        facts = self.labels.facts
        log = place.topic_id, place.partition
        position = max(self.slices.positions.get(log, (0, 0))[0], facts.positions.get(log, 0))
        if _key(place) in scored:
            return Fate.SCORED
        if _key(place) in facts.labels:
            return Fate.STORED
        if _key(place) in refused:
            return Fate.QUARANTINED
        return Fate.DROPPED if position > place.offset else Fate.IN_FLIGHT

    def _entries(self) -> Iterator[QuarantineEntry]:
        for item in self.slices.slices:
            part = item.part
            for row in item.result.quarantined:
                place = RecordPlace(part.topic, part.topic_id, part.partition, row.offset)
                yield QuarantineEntry(place, row.reason, row.detail, row.raw, row.raw_size, _moment(row.log_time))
        for refused in self.labels.facts.refused:
            record = refused.record
            place = RecordPlace(record.topic, self.label_topic_id, record.partition, record.offset)
            raw, size = masked(record.value), len(record.value or b"")
            yield QuarantineEntry(place, refused.reason, refused.detail, raw, size, _moment(record.log_time))


def _key(place: RecordPlace) -> Key:
    return place.topic_id, place.partition, place.offset


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
