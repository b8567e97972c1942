"""Rows of the archive's tables as the values of its port."""

from collections.abc import Sequence
from typing import Any

from fraudstream.ports.archive import ArchivedFile, ArchivedLog, Gap, Zone

FILE_COLUMNS = "path, zone, topic, topic_id, partition, day, first_offset, last_offset, rows, size, sha256"


def file_of(row: Sequence[Any]) -> ArchivedFile:
    """An object from its `FILE_COLUMNS`."""
    path, zone, topic, topic_id, partition, day, first, last, rows, size, sha256 = row
    return ArchivedFile(
        path=path,
        zone=Zone(zone),
        topic=topic,
        log=ArchivedLog(topic_id, partition),
        date=day,
        first=first,
        last=last,
        rows=rows,
        size=size,
        sha256=sha256,
    )


def gap_of(row: Sequence[Any]) -> Gap:
    """A gap from topic id, partition, first and last offset, and whether somebody accepted it."""
    topic_id, partition, first, last, accepted = row
    return Gap(ArchivedLog(topic_id, partition), first, last, accepted)
