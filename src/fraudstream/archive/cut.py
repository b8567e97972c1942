"""One cut of the archive: a range of one partition, of one day, as the two objects it becomes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fraudstream.archive.layout import archived_file, day_of
from fraudstream.archive.parquet import PROCESSED, RAW, ParquetWriter, processed_table, raw_table
from fraudstream.clock import Clock
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.ports.archive import ArchivedFile, ArchiveLedger, Backlog, Gap, ScoredRow, Zone
from fraudstream.ports.records import LogReader, Record

PIECE = 20_000
"""Offsets read at a time, which bounds memory."""


@dataclass(frozen=True)
class Cut:
    """A range of one partition with its objects and their contents; where the log has forgotten it, with its gap."""

    files: tuple[ArchivedFile, ...]
    contents: tuple[bytes, ...]
    gap: Gap | None
    records: int
    record_bytes: int


class Cutter:
    """Reads what a backlog stands for, the log and what was stored of it, and makes the next cut.

    Args:
        reader: of the broker that the records were scored from.
        ledger: of the archive.
        roll_bytes: bytes of keys and values after which a cut ends.
        clock: gives a day to records that neither the log nor the scores tell of.
    """

    def __init__(self, reader: LogReader, ledger: ArchiveLedger, clock: Clock, roll_bytes: int) -> None:
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._roll_bytes = roll_bytes

    def next_cut(self, backlog: Backlog) -> Cut:
        """The first cut of a backlog: it ends with the backlog, its size, its day, or what the log has forgotten.

        Raises:
            ConfigurationError: the broker does not hold the log, and never did as far as is known.
            TemporarilyUnavailable: broker or ledger did not answer, or the log ends before what was scored of it.
        """
        begin, end = self._bounds(backlog)
        lost = backlog.first < begin
        last = min(backlog.last, begin - 1) if lost else backlog.last
        if not lost and end <= last:
            raise TemporarilyUnavailable(
                f"{backlog.topic}/{backlog.log.partition} ends at offset {end - 1}, and {last} was scored: the broker "
                "has lost records, or does not have all of its replicas yet"
            )
        return self._cut(replace(backlog, last=last), lost=lost)

    def _cut(self, wanted: Backlog, *, lost: bool) -> Cut:
        raw, processed = ParquetWriter(RAW), ParquetWriter(PROCESSED)
        date: dt.date | None = None
        size, stop = 0, wanted.first
        while stop <= wanted.last and size < self._roll_bytes:
            first, stop = stop, min(stop + PIECE, wanted.last + 1)
            records = [] if lost else self._reader.read(wanted.topic, wanted.log.partition, first, stop)
            rows = self._ledger.scored(wanted.log, first, stop)
            date, boundary = _one_day(records, rows, date)
            if boundary is not None:
                records = [record for record in records if record.offset < boundary]
                rows = [row for row in rows if row.offset < boundary]
            raw.add(raw_table(wanted.topic, wanted.log, records))
            processed.add(processed_table(wanted.topic, wanted.log, rows))
            size += sum(len(record.key or b"") + len(record.value or b"") for record in records)
            if boundary is not None:
                stop = boundary
                break
        return self._finished(wanted, stop - 1, date, (raw, processed), size, lost=lost)

    def _finished(
        self,
        wanted: Backlog,
        last: int,
        date: dt.date | None,
        writers: tuple[ParquetWriter, ParquetWriter],
        size: int,
        *,
        lost: bool,
    ) -> Cut:
        day = date or day_of(self._clock.now())
        zones = [Zone.PROCESSED] if lost else [Zone.RAW, Zone.PROCESSED]
        chosen = dict(zip((Zone.RAW, Zone.PROCESSED), writers, strict=True))
        contents = tuple(chosen[zone].finish() for zone in zones)
        files = tuple(
            archived_file(zone, wanted.topic, wanted.log, day, (wanted.first, last), chosen[zone].rows, content)
            for zone, content in zip(zones, contents, strict=True)
        )
        gap = Gap(wanted.log, wanted.first, last) if lost else None
        return Cut(files, contents, gap, writers[0].rows, size)

    def _bounds(self, backlog: Backlog) -> tuple[int, int]:
        """First offset that the broker holds of this log, and the one after its last."""
        described = self._reader.describe(backlog.topic)
        if described.topic_id == backlog.log.topic_id:
            return described.bounds[backlog.log.partition]
        if self._ledger.knows(described.topic_id):  # the topic was made anew, and is scored since
            return backlog.last + 1, backlog.last + 1
        raise ConfigurationError(
            f"topic {backlog.topic} has the id {described.topic_id}, and what waits for the archive was scored from "
            f"{backlog.log.topic_id}. Is this the broker it came from? If the topic was made anew, its first scored "
            "payments will say so, and this one's scores are archived without its records."
        )


def _one_day(
    records: Sequence[Record], rows: Sequence[ScoredRow], date: dt.date | None
) -> tuple[dt.date | None, int | None]:
    """The day of the first record, if none is given, and the first offset of another day."""
    times = (
        [(record.offset, record.log_time) for record in records]
        if records
        else [(row.offset, row.log_time / 1e6) for row in rows]
    )
    for offset, moment in times:
        day = day_of(moment)
        date = date or day
        if day != date:
            return date, offset
    return date, None
