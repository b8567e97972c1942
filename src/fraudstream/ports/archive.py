"""The ports of the archive: its ledger, and the place where its objects lie.

`adapters.database.archive_store`, `adapters.aws.objects` and `adapters.memory_archive` implement them;
`tests/ports/test_archive_ledger.py` and `tests/ports/test_object_store.py` hold all to the same contract.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol


class Zone(StrEnum):
    """What an object holds: records as they stand in the log, or what was stored for them."""

    RAW = "raw"
    PROCESSED = "processed"


@dataclass(frozen=True, slots=True, order=True)
class ArchivedLog:
    """One partition of one log; `topic_id` is the broker's UUID text, so a recreated topic is another log."""

    topic_id: str
    partition: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Committed records that are not archived, `first <= offset <= last`; the oldest has waited `waiting` seconds."""

    topic: str
    log: ArchivedLog
    first: int
    last: int
    waiting: float


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One object: the range it stands for, `first <= offset <= last`, and what it must contain.

    `date` is the broker's day (UTC) of every record in it; `size` is in bytes, `sha256` in hexadecimal.
    """

    path: str
    zone: Zone
    topic: str
    log: ArchivedLog
    date: dt.date
    first: int
    last: int
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that the broker forgot before they were archived: the raw zone will never hold them."""

    log: ArchivedLog
    first: int
    last: int
    accepted: bool = False


class ScoredRow(NamedTuple):
    """One stored score; times are in microseconds since 1970 UTC, small integers index the contract's value lists."""

    offset: int
    log_time: int
    slice_id: int
    transaction_id: uuid.UUID
    body_hash: int
    user_id: int
    event_time: int
    amount: float
    merchant_category: int
    location: int
    payment_method: int
    merchant_id: int | None
    device_id: int | None
    channel: int | None
    currency: str | None
    score: float
    alert: bool
    model_version: str
    catalogue_version: int
    features: bytes
    """Little-endian float64, in the order of the catalogue of that version."""


class ArchiveLedger(Protocol):
    """Which committed records are archived, and in which object; what an archiver works with.

    A partition belongs to the first archiver that claims it, until that one's session ends.
    """

    def claim(self) -> Sequence[Backlog]:
        """What waits in each partition that is or becomes this archiver's own.

        Raises:
            TemporarilyUnavailable: the ledger did not answer; as every method here.
        """
        ...

    def knows(self, topic_id: str) -> bool:
        """Whether anything of this log was ever scored."""
        ...

    def scored(self, log: ArchivedLog, first: int, end: int) -> Sequence[ScoredRow]:
        """Stored scores with `first <= offset < end`, by offset."""
        ...

    def record(self, files: Sequence[ArchivedFile], gap: Gap | None = None) -> None:
        """Commit that these objects are complete, all of them and the gap or nothing.

        Raises:
            TemporarilyUnavailable: also where the partition is no longer this archiver's own.
        """
        ...

    def unlisted(self) -> Sequence[tuple[dt.date, ArchivedLog]]:
        """Days and partitions of this archiver that have objects which their manifest may lack."""
        ...

    def files(self, date: dt.date, log: ArchivedLog) -> Sequence[ArchivedFile]:
        """Every object of one day and partition, by zone and offset.

        Raises:
            TemporarilyUnavailable: also where the partition is no longer this archiver's own.
        """
        ...

    def mark_listed(self, files: Sequence[ArchivedFile]) -> None:
        """Commit that a manifest names these."""
        ...

    def open_gaps(self) -> Sequence[Gap]:
        """Gaps that nobody has accepted."""
        ...

    def accept_gaps(self) -> int:
        """Take note of all open gaps; returns how many that were."""
        ...

    def close(self) -> None:
        """End the session; its partitions are free for the next archiver."""
        ...


@dataclass(frozen=True, slots=True)
class ScoredLog:
    """What the slices of one partition say: where it begins and ends, and how many records they took.

    `records` are those up to `counted`, the end of the last slice that is archived in full (-1 if none is).
    """

    log: ArchivedLog
    first: int
    last: int
    counted: int
    records: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over some scored rows.

    Decimals of 15 digits are added for amounts and scores, so that the order of addition doesn't matter; `bodies` is
    the sum of the body hashes.
    """

    rows: int = 0
    alerts: int = 0
    amount: Decimal = Decimal(0)
    score: Decimal = Decimal(0)
    bodies: int = 0


class ArchiveSnapshot(Protocol):
    """The ledger of the archive and what it stands for, at one moment."""

    def files(self) -> Sequence[tuple[ArchivedFile, bool]]:
        """Every object, and whether a manifest names it; by partition, zone and offset."""
        ...

    def gaps(self) -> Sequence[Gap]:
        """Every gap, accepted or not."""
        ...

    def logs(self) -> Sequence[ScoredLog]:
        """Every partition of which anything was scored."""
        ...

    def totals(self, log: ArchivedLog, first: int, last: int) -> Totals:
        """Sums over the stored scores with `first <= offset <= last`."""
        ...


class ArchiveReader(Protocol):
    """Reads the ledger of the archive, for verification."""

    def snapshot(self) -> AbstractContextManager[ArchiveSnapshot]:
        """Begin to read; all of it is of one moment.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...


class ObjectStore(Protocol):
    """Objects by path; what was put is there at once, whole or not at all."""

    def put(self, path: str, content: bytes, sha256: str) -> None:
        """Store an object, checked against its SHA-256 (hexadecimal) on arrival.

        Raises:
            TemporarilyUnavailable: the store did not answer, or there is no such place yet; as every method here.
            ConfigurationError: we may not; as every method here.
        """
        ...

    def get(self, path: str) -> bytes | None:
        """The object, if there is one."""
        ...

    def tag(self, path: str) -> str | None:
        """What tells this state of an object from any other, if there is one."""
        ...

    def replace(self, path: str, content: bytes, tag: str | None) -> None:
        """Store an object in the place of the one with this tag, or of none.

        Raises:
            TemporarilyUnavailable: also where another object is there by now.
        """
        ...

    def list(self, prefix: str) -> Sequence[str]:
        """Paths that begin so, in order."""
        ...
