"""Where a record stands, as people write it: topic/partition/offset."""

import re
from dataclasses import dataclass

from fraudstream.errors import ImpossibleRequest
from fraudstream.ports.cases import RecordPlace

_PLACE = re.compile(r"(?:(?P<topic>[A-Za-z0-9._-]+)/)?(?P<partition>\d{1,9})/(?P<offset>\d{1,18})")


@dataclass(frozen=True)
class NamedPlace:
    """A place whose log is known by its name alone."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


def read_place(text: str, topic: str) -> NamedPlace:
    """Read `topic/partition/offset`, or `partition/offset` of a topic.

    Raises:
        ImpossibleRequest: it is neither.
    """
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ImpossibleRequest(f"{text!r} names no record: write topic/partition/offset, as the list does")
    return NamedPlace(found["topic"] or topic, int(found["partition"]), int(found["offset"]))


def written(place: RecordPlace) -> str:
    """The place as it is read."""
    return f"{place.topic}/{place.partition}/{place.offset}"
