"""The exact bytes of a record that was refused: as they stand in the log, or, when it is gone, as they were kept."""

from dataclasses import dataclass

from fraudstream.errors import ConfigurationError, ImpossibleRequest
from fraudstream.ports.quarantine import QuarantineEntry
from fraudstream.ports.records import LogReader
from fraudstream.rework.places import written


@dataclass(frozen=True)
class Content:
    """The bytes of a record and its key."""

    value: bytes
    key: bytes | None = None


def content_of(entry: QuarantineEntry, log: LogReader) -> Content:
    """What was refused, to the byte.

    Raises:
        ImpossibleRequest: the log does not hold it any more, and what is kept is masked or cut off.
        TemporarilyUnavailable: the broker did not answer.
    """
    place = entry.place
    try:
        described = log.describe(place.topic)
    except ConfigurationError:
        return _kept(entry)
    first, end = described.bounds.get(place.partition, (0, 0))
    if described.topic_id != place.topic_id or not first <= place.offset < end:
        return _kept(entry)
    records = log.read(place.topic, place.partition, place.offset, place.offset + 1)
    return Content(records[0].value or b"", records[0].key) if records else _kept(entry)


def _kept(entry: QuarantineEntry) -> Content:
    if entry.exact is None:
        raise ImpossibleRequest(
            f"the log holds {written(entry.place)} no longer, and what is kept of it is masked or cut off: write it "
            "anew with --file"
        )
    return Content(entry.exact)
