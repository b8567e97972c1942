"""The ports of the archive in memory, for tests and for embedding; held to the same suites as the real ones."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal

from fraudstream.adapters.memory_slices import CommittedSlice, MemorySliceStore
from fraudstream.clock import Clock, ManualClock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.events import ABSENT, uuid_at
from fraudstream.ports.archive import ArchivedFile, ArchivedLog, Backlog, Gap, ScoredLog, ScoredRow, Totals, Zone


@dataclass
class MemoryArchive:
    """`ArchiveLedger` and `ArchiveReader` over the slices of a `MemorySliceStore`; a slice is as old as it is known."""

    slices: MemorySliceStore
    clock: Clock = field(default_factory=ManualClock)
    archived: list[ArchivedFile] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    known_gaps: list[Gap] = field(default_factory=list)
    _seen: dict[int, float] = field(default_factory=dict)

    def claim(self) -> Sequence[Backlog]:
        """See `ArchiveLedger.claim`."""
        now = self.clock.now()
        found = []
        for log in sorted({_log_of(committed) for committed in self.slices.slices}):
            following = max((f.last + 1 for f in self._of(log, Zone.PROCESSED)), default=None)
            waiting = [s for s in self._slices_of(log) if s.result.last_offset >= (following or 0)]
            if waiting:
                since = min(self._seen.setdefault(s.result.slice_id, now) for s in waiting)
                first = min(s.result.first_offset for s in waiting) if following is None else following
                last = max(s.result.last_offset for s in waiting)
                found.append(Backlog(waiting[0].part.topic, log, first, last, now - since))
        return found

    def knows(self, topic_id: str) -> bool:
        """See `ArchiveLedger.knows`."""
        return any(committed.part.topic_id == topic_id for committed in self.slices.slices)

    def scored(self, log: ArchivedLog, first: int, end: int) -> Sequence[ScoredRow]:
        """See `ArchiveLedger.scored`."""
        rows = [row for committed in self._slices_of(log) for row in _rows_of(committed) if first <= row.offset < end]
        return sorted(rows, key=lambda row: row.offset)

    def record(self, files: Sequence[ArchivedFile], gap: Gap | None = None) -> None:
        """See `ArchiveLedger.record`."""
        taken = {(file.log, file.zone, file.first) for file in self.archived}
        if any((file.log, file.zone, file.first) in taken for file in files):
            raise TemporarilyUnavailable("another archiver was faster")
        self.archived += files
        if gap is not None:
            self.known_gaps.append(gap)

    def unlisted(self) -> Sequence[tuple[dt.date, ArchivedLog]]:
        """See `ArchiveLedger.unlisted`."""
        found = {(file.log, file.date) for file in self.archived if file.path not in self.listed}
        return [(date, log) for log, date in sorted(found)]

    def files(self, date: dt.date, log: ArchivedLog) -> Sequence[ArchivedFile]:
        """See `ArchiveLedger.files`."""
        found = [file for file in self.archived if (file.date, file.log) == (date, log)]
        return sorted(found, key=lambda file: (file.zone, file.first))

    def mark_listed(self, files: Sequence[ArchivedFile]) -> None:
        """See `ArchiveLedger.mark_listed`."""
        self.listed |= {file.path for file in files}

    def open_gaps(self) -> Sequence[Gap]:
        """See `ArchiveLedger.open_gaps`."""
        return [gap for gap in self.known_gaps if not gap.accepted]

    def accept_gaps(self) -> int:
        """See `ArchiveLedger.accept_gaps`."""
        count = len(self.open_gaps())
        self.known_gaps = [replace(gap, accepted=True) for gap in self.known_gaps]
        return count

    def close(self) -> None:
        """See `ArchiveLedger.close`."""

    @contextmanager
    def snapshot(self) -> Iterator["MemoryArchiveSnapshot"]:
        """See `ArchiveReader.snapshot`."""
        yield MemoryArchiveSnapshot(self)

    def _of(self, log: ArchivedLog, zone: Zone) -> list[ArchivedFile]:
        return [file for file in self.archived if (file.log, file.zone) == (log, zone)]

    def _slices_of(self, log: ArchivedLog) -> list[CommittedSlice]:
        return [committed for committed in self.slices.slices if _log_of(committed) == log]


@dataclass(frozen=True)
class MemoryArchiveSnapshot:
    """`ArchiveSnapshot` of a `MemoryArchive`."""

    archive: MemoryArchive

    def files(self) -> Sequence[tuple[ArchivedFile, bool]]:
        """See `ArchiveSnapshot.files`."""
        found = sorted(self.archive.archived, key=lambda file: (file.log, file.zone, file.first))
        return [(file, file.path in self.archive.listed) for file in found]

    def gaps(self) -> Sequence[Gap]:
        """See `ArchiveSnapshot.gaps`."""
        return list(self.archive.known_gaps)

    def logs(self) -> Sequence[ScoredLog]:
        """See `ArchiveSnapshot.logs`."""
        found = []
        for log in sorted({_log_of(committed) for committed in self.archive.slices.slices}):
            results = [committed.result for committed in self.archive._slices_of(log)]  # noqa: SLF001 - one module
            end = max((file.last for file in self.archive._of(log, Zone.PROCESSED)), default=-1)  # noqa: SLF001 - same
            counted = [result for result in results if result.last_offset <= end]
            found.append(
                ScoredLog(
                    log=log,
                    first=min(result.first_offset for result in results),
                    last=max(result.last_offset for result in results),
                    counted=max((result.last_offset for result in counted), default=-1),
                    records=sum(len(r.scored.offset) + len(r.quarantined) + r.repeats for r in counted),
                )
            )
        return found

    def totals(self, log: ArchivedLog, first: int, last: int) -> Totals:
        """See `ArchiveSnapshot.totals`."""
        rows = self.archive.scored(log, first, last + 1)
        return Totals(
            rows=len(rows),
            alerts=sum(row.alert for row in rows),
            amount=sum((Decimal(f"{row.amount:.15g}") for row in rows), Decimal(0)),
            score=sum((Decimal(f"{row.score:.15g}") for row in rows), Decimal(0)),
            bodies=sum(row.body_hash for row in rows),
        )


@dataclass
class MemoryObjects:
    """`ObjectStore` in a dictionary."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def put(self, path: str, content: bytes, sha256: str) -> None:
        """See `ObjectStore.put`."""
        if hashlib.sha256(content).hexdigest() != sha256:
            raise TemporarilyUnavailable(f"{path} did not arrive as it was sent")
        self.objects[path] = content

    def get(self, path: str) -> bytes | None:
        """See `ObjectStore.get`."""
        return self.objects.get(path)

    def tag(self, path: str) -> str | None:
        """See `ObjectStore.tag`."""
        content = self.objects.get(path)
        return None if content is None else hashlib.sha256(content).hexdigest()

    def replace(self, path: str, content: bytes, tag: str | None) -> None:
        """See `ObjectStore.replace`."""
        if self.tag(path) != tag:
            raise TemporarilyUnavailable(f"{path} was changed by somebody else")
        self.objects[path] = content

    def list(self, prefix: str) -> Sequence[str]:
        """See `ObjectStore.list`."""
        return sorted(path for path in self.objects if path.startswith(prefix))


def _log_of(committed: CommittedSlice) -> ArchivedLog:
    return ArchivedLog(committed.part.topic_id, committed.part.partition)


def _rows_of(committed: CommittedSlice) -> Iterator[ScoredRow]:
    scored, result = committed.result.scored, committed.result
    payments = scored.payments
    for n in range(len(scored.offset)):
        optional = [int(column[n]) for column in (payments.merchant_id, payments.device_id, payments.channel)]
        merchant, device, channel = (None if value == ABSENT else value for value in optional)
        yield ScoredRow(
            offset=int(scored.offset[n]),
            log_time=round(float(scored.log_time[n]) * 1e6),
            slice_id=result.slice_id,
            transaction_id=uuid_at(payments.transaction_id, n),
            body_hash=int(scored.body_hash[n]),
            user_id=int(payments.user_id[n]),
            event_time=round(float(payments.event_time[n]) * 1e6),
            amount=float(payments.amount[n]),
            merchant_category=int(payments.category[n]),
            location=int(payments.location[n]),
            payment_method=int(payments.payment_method[n]),
            merchant_id=merchant,
            device_id=device,
            channel=channel,
            currency=scored.currency[n].decode() or None,
            score=float(scored.score[n]),
            alert=bool(scored.alert[n]),
            model_version=result.deployment.model_version,
            catalogue_version=result.deployment.catalogue_version,
            features=scored.features[n].astype("<f8").tobytes(),
        )
