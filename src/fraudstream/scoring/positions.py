"""Where Spark begins to read, from the positions that were committed with the results."""

from collections.abc import Mapping

import msgspec

from fraudstream.errors import ConfigurationError
from fraudstream.ports.records import TopicPartitions


def starting_offsets(log: TopicPartitions, next_offset: Mapping[int, int]) -> str:
    """Spark's `startingOffsets` for one topic: JSON with the next offset of each partition of the log.

    Raises:
        ConfigurationError: a position does not lie within what the broker keeps, so records were lost, or the
            database is another log's.
    """
    offsets: dict[str, int] = {}
    for partition, (first, end) in sorted(log.bounds.items()):
        wanted = next_offset.get(partition, first)
        if wanted < first:
            raise ConfigurationError(
                f"{log.topic}/{partition}: the broker has deleted records {wanted} to {first - 1} before they were "
                "scored; restore them, or move `positions.next_offset` to give them up"
            )
        if wanted > end:
            raise ConfigurationError(
                f"{log.topic}/{partition}: scored up to record {wanted - 1}, but the log ends at {end - 1}; the broker "
                "lost records, or the database was restored from another one: restore the one that belongs to this log"
            )
        offsets[str(partition)] = wanted
    return msgspec.json.encode({log.topic: offsets}).decode()
