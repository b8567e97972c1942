"""Verification of the archive: ledger, objects, manifests and stored scores, compared with one another."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby, pairwise

from fraudstream.archive.balance import ArchiveBalance
from fraudstream.archive.contents import ObjectContent, read_object, unlike
from fraudstream.archive.layout import MANIFESTS, PREFIXES, decode_manifest, manifest_path
from fraudstream.ports.archive import (
    ArchivedFile,
    ArchivedLog,
    ArchiveReader,
    ArchiveSnapshot,
    Gap,
    ObjectStore,
    ScoredLog,
    Totals,
    Zone,
)
from fraudstream.progress import Report, unreported

EXAMPLES = 5
"""How many cases of each kind are named."""

Listed = Sequence[tuple[ArchivedFile, bool]]


@dataclass
class _Found:
    """What was counted so far."""

    raw: int = 0
    raw_amount: Decimal = Decimal(0)
    raw_stored: Decimal = Decimal(0)
    archived: Totals = field(default_factory=Totals)
    stored: Totals = field(default_factory=Totals)
    size: int = 0
    doubled: int = 0
    skipped: int = 0
    cases: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def count(self, kind: str) -> int:
        return len(self.cases[kind])


class ArchiveVerification:
    """Reads everything once, object by object."""

    def __init__(self, ledger: ArchiveReader, objects: ObjectStore, report: Report = unreported) -> None:
        self._ledger = ledger
        self._objects = objects
        self._report = report

    def run(self) -> ArchiveBalance:
        """Verify. The archiver may be at work: what it does meanwhile is not looked at.

        Objects are listed before the ledger is read, so what the ledger names was in the list or is new.

        Raises:
            TemporarilyUnavailable: database or object store did not answer.
        """
        present = [path for prefix in PREFIXES for path in self._objects.list(prefix)]
        found = _Found()
        with self._ledger.snapshot() as snapshot:
            files, gaps, logs = snapshot.files(), snapshot.gaps(), snapshot.logs()
            self._check_ranges(files, gaps, logs, found)
            self._check_objects(snapshot, [file for file, _ in files], logs, found)
        self._check_manifests(files, found)
        named = {file.path for file, _ in files} | {manifest_path(file.date, file.log) for file, _ in files}
        found.cases["orphans"] = [path for path in present if path not in named]
        return _balance(files, gaps, logs, found)

    def _check_ranges(self, files: Listed, gaps: Sequence[Gap], logs: Sequence[ScoredLog], found: _Found) -> None:
        """Ranges of each zone and partition must begin where the slices do and follow one another."""
        for log in logs:
            ends = set()
            for zone in Zone:
                ranges = [(file.first, file.last) for file, _ in files if (file.log, file.zone) == (log.log, zone)]
                if zone is Zone.RAW:
                    ranges += [(gap.first, gap.last) for gap in gaps if gap.log == log.log]
                for (_, last), (first, _) in pairwise([(0, log.first - 1), *sorted(ranges)]):
                    found.doubled += max(last + 1 - first, 0)
                    found.skipped += max(first - last - 1, 0)
                ends.add(max((last for _, last in ranges), default=log.first - 1))
            found.skipped += max(ends) - min(ends)

    def _check_objects(
        self, snapshot: ArchiveSnapshot, files: Sequence[ArchivedFile], logs: Sequence[ScoredLog], found: _Found
    ) -> None:
        """Objects of one range are looked at together."""
        counted = {log.log: log.counted for log in logs}
        done, by_range = 0, sorted(files, key=lambda file: (file.log, file.first, file.zone))
        for _, group in groupby(by_range, key=lambda file: (file.log, file.first)):
            pair = list(group)
            contents = {file.zone: content for file in pair if (content := self._content(file, found)) is not None}
            for file in pair:
                self._compare(snapshot, file, contents, counted.get(file.log, -1), found)
            done += len(pair)
            self._report(done, len(files))

    def _content(self, file: ArchivedFile, found: _Found) -> ObjectContent | None:
        found.size += file.size
        content = self._objects.get(file.path)
        if content is None:
            found.cases["missing"].append(file.path)
            return None
        if hashlib.sha256(content).hexdigest() != file.sha256:
            found.cases["damaged"].append(file.path)
            return None
        return read_object(file, content)

    @staticmethod
    def _compare(
        snapshot: ArchiveSnapshot,
        file: ArchivedFile,
        contents: Mapping[Zone, ObjectContent],
        counted: int,
        found: _Found,
    ) -> None:
        stored = snapshot.totals(file.log, file.first, file.last) if file.zone is Zone.PROCESSED else None
        if stored is not None:
            found.stored = _sum(found.stored, stored)
        content = contents.get(file.zone)
        if content is None:
            return
        if file.zone is Zone.RAW:
            found.raw += content.rows_up_to(counted)
        else:
            found.archived = _sum(found.archived, content.totals)
            _add_money(content, contents.get(Zone.RAW), found)
        if reason := unlike(file, content, stored, contents.get(Zone.RAW)):
            found.cases["unlike"].append(f"{file.path} ({reason})")

    def _check_manifests(self, files: Listed, found: _Found) -> None:
        by_manifest: dict[str, list[tuple[ArchivedFile, bool]]] = defaultdict(list)
        for file, listed in files:
            by_manifest[manifest_path(file.date, file.log)].append((file, listed))
        ends: dict[ArchivedLog, int] = defaultdict(lambda: -1)
        for file, _ in files:
            ends[file.log] = max(ends[file.log], file.last)
        for path, expected in by_manifest.items():
            said = self._manifest(path)
            must = {file for file, listed in expected if listed}
            may = {file for file, _ in expected}
            newer = {file for file in said if file.first > ends[file.log]}
            if not must <= said or not said - newer <= may:
                found.cases[MANIFESTS].append(path)
            found.cases["unlisted"] += [file.path for file, listed in expected if not listed]

    def _manifest(self, path: str) -> set[ArchivedFile]:
        content = self._objects.get(path)
        try:
            return set() if content is None else set(decode_manifest(content).archived())
        except ValueError:
            return set()


def _add_money(scores: ObjectContent, raw: ObjectContent | None, found: _Found) -> None:
    """What was scored of a range, by its raw records; where these are not all there, other counts say so."""
    if raw is not None:
        found.raw_amount += raw.amount_at(scores.offsets)
        found.raw_stored += scores.totals.amount


def _sum(one: Totals, other: Totals) -> Totals:
    return Totals(
        rows=one.rows + other.rows,
        alerts=one.alerts + other.alerts,
        amount=one.amount + other.amount,
        score=one.score + other.score,
        bodies=one.bodies + other.bodies,
    )


def _balance(files: Listed, gaps: Sequence[Gap], logs: Sequence[ScoredLog], found: _Found) -> ArchiveBalance:
    ends = {file.log: file.last for file, _ in files if file.zone is Zone.PROCESSED}
    counted = {log.log: log.counted for log in logs}
    known = [replace(gap, last=min(gap.last, counted.get(gap.log, -1))) for gap in gaps]
    widths = [(max(gap.last - gap.first + 1, 0), gap.accepted) for gap in known]
    kinds = ("missing", "damaged", "unlike", MANIFESTS, "orphans")
    return ArchiveBalance(
        logs=len(logs),
        objects=len(files),
        size=found.size,
        raw=found.raw,
        records=sum(log.records for log in logs),
        processed=found.archived.rows,
        stored=found.stored.rows,
        amount_raw=f"{found.raw_amount:,.2f}",
        amount_raw_scored=f"{found.raw_stored:,.2f}",
        amount=f"{found.archived.amount:,.2f}",
        stored_amount=f"{found.stored.amount:,.2f}",
        alerts=found.archived.alerts,
        stored_alerts=found.stored.alerts,
        waiting=sum(log.last - ends.get(log.log, log.first - 1) for log in logs),
        forgotten=sum(width for width, _ in widths),
        accepted=sum(width for width, accepted in widths if accepted),
        missing=found.count("missing"),
        damaged=found.count("damaged"),
        doubled=found.doubled,
        skipped=found.skipped,
        unlike=found.count("unlike"),
        unlisted=found.count("unlisted"),
        wrong_manifests=found.count(MANIFESTS),
        orphans=found.count("orphans"),
        examples={kind: tuple(found.cases[kind][:EXAMPLES]) for kind in kinds if found.cases[kind]},
    )
