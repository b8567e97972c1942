"""The producers' journals, with three outcomes: acknowledged, failed, and unknown, which may be in the log or not."""

import math
import uuid
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fraudstream.contracts.journal import Intent, JournalLine, LogIdentity, parse_line
from fraudstream.errors import ConfigurationError
from fraudstream.features.events import Bytes, Floats, Ints

PATTERN = "*.jsonl"
HASH_BYTES = 16
UNNAMED = ""
"""In the place of a topic's id: an older version wrote this journal, and nobody can tell against which log."""
_NO_ID = bytes(16)


@dataclass(frozen=True)
class Acknowledged:
    """`n` records whose producer was told "accepted", by partition and offset.

    `value_hash` (n, 16) is the BLAKE2b-128 digest of their bytes; `transaction_id` (n, 16) is zeros where the
    bytes were no payment; `amount` (n,) is in units of its currency, NaN where the journal has none.
    """

    partition: Ints
    offset: Ints
    value_hash: Bytes
    transaction_id: Bytes
    amount: Floats

    def __len__(self) -> int:
        """Number of records."""
        return len(self.offset)

    def between(self, partition: int, first: int, end: int) -> slice:
        """Which of them stand in a range of one partition."""
        low, high = np.searchsorted(self.partition, [partition, partition + 1])
        start, stop = np.searchsorted(self.offset[low:high], [first, end])
        return slice(int(low + start), int(low + stop))


@dataclass(frozen=True)
class Journal:
    """What all producers together meant to send to one log, and what became of it.

    `left_out` counts the files that are of another log of the same topic, by its id; those that name no log at all
    are at `UNNAMED`.
    """

    files: int
    produced: int
    failed: int
    acknowledged: Acknowledged
    left_out: Mapping[str, int]

    @property
    def unknown(self) -> int:
        """Records without an outcome: their producer was cut off."""
        return self.produced - self.failed - len(self.acknowledged)


@dataclass
class _Columns:
    partition: "array[int]" = field(default_factory=lambda: array("i"))
    offset: "array[int]" = field(default_factory=lambda: array("q"))
    value_hash: bytearray = field(default_factory=bytearray)
    transaction_id: bytearray = field(default_factory=bytearray)
    amount: "array[float]" = field(default_factory=lambda: array("d"))


def read_journals(folder: Path, topic: str, topic_id: str) -> Journal:
    """Read every journal of a folder that is of this log, line by line; a folder that isn't there holds none.

    What was sent to another log is no business of this one, though their topics have the same name: offsets and even
    payments may be alike. A journal that names no log is left out, too: counted, it might find lost what was never
    sent here. One that is of other topics altogether is passed over.

    A torn last line is what a crash leaves: its intent was never sent, or its outcome is unknown.

    Raises:
        ConfigurationError: a line before the last is no journal line.
    """
    kept = _Columns()
    files = produced = failed = 0
    left_out: Counter[str] = Counter()
    for path in sorted(folder.glob(PATTERN)):
        named = _log_of(path, topic)
        if named != topic_id:
            left_out.update([named] if named is not None else [])
            continue
        files += 1
        counts = _read_one(path, topic, kept)
        produced += counts[0]
        failed += counts[1]
    return Journal(files, produced, failed, _sorted(kept), left_out)


def _log_of(path: Path, topic: str) -> str | None:
    """The id of the topic that a journal was written against; `None` if it says nothing of this topic."""
    for number, line in enumerate(_lines(path)):
        if isinstance(line, LogIdentity):
            if line.topic == topic:
                return line.topic_id
        else:
            return None if number else UNNAMED
    return None


def _read_one(path: Path, topic: str, kept: _Columns) -> tuple[int, int]:
    """Append the acknowledged records of one journal; returns how many were meant and how many failed."""
    open_intents: dict[int, tuple[bytes, bytes, float]] = {}
    produced = failed = 0
    for line in _lines(path):
        if isinstance(line, Intent):
            if line.topic == topic:
                produced += 1
                amount = math.nan if line.amount is None else line.amount
                open_intents[line.sequence] = (bytes.fromhex(line.value_hash), _id_bytes(line.transaction_id), amount)
            continue
        if isinstance(line, LogIdentity):
            continue
        intent = open_intents.pop(line.sequence, None)
        if intent is None:
            continue
        if line.status == "failed":
            failed += 1
            continue
        kept.partition.append(line.partition)
        kept.offset.append(line.known_offset)
        kept.value_hash += intent[0]
        kept.transaction_id += intent[1]
        kept.amount.append(intent[2])
    return produced, failed


def _lines(path: Path) -> Iterator[JournalLine]:
    with path.open("rb") as journal:
        before: bytes | None = None
        for number, line in enumerate(journal, start=1):
            if before is not None:
                yield _parsed(path, number - 1, before)
            before = line
        if before is not None and before.endswith(b"\n"):
            yield _parsed(path, number, before)


def _parsed(path: Path, number: int, line: bytes) -> JournalLine:
    try:
        return parse_line(line)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}, line {number}: {error}") from error


def _id_bytes(text: str | None) -> bytes:
    return _NO_ID if text is None else uuid.UUID(text).bytes


def _sorted(kept: _Columns) -> Acknowledged:
    partition = np.frombuffer(kept.partition, np.int32).astype(np.int64)
    offset = np.frombuffer(kept.offset, np.int64)
    order = np.lexsort((offset, partition))
    return Acknowledged(
        partition=partition[order],
        offset=offset[order],
        value_hash=np.frombuffer(kept.value_hash, np.uint8).reshape(-1, HASH_BYTES)[order],
        transaction_id=np.frombuffer(kept.transaction_id, np.uint8).reshape(-1, 16)[order],
        amount=np.frombuffer(kept.amount, np.float64)[order],
    )
