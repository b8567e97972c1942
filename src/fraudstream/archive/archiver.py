"""The archiver: takes what is committed to S3, and says so in the ledger and in the manifests.

Order makes it safe against death at any step: objects first, then one commit that names them, then the manifest. What
is uploaded and not committed is an orphan: nobody names it, and the same range is archived again.
"""

from collections.abc import Callable

import structlog

from fraudstream.archive.cut import Cut, Cutter
from fraudstream.archive.layout import encode_manifest, manifest_path
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import ARCHIVE_BYTES, ARCHIVE_CUTS, ARCHIVE_GAPS, ARCHIVE_RECORDS, ARCHIVE_SECONDS
from fraudstream.ports.archive import ArchiveLedger, Backlog, Gap, ObjectStore

EXPECTED_BYTES = 400.0
"""Bytes of one record, until a cut has told."""

log = structlog.get_logger()


class Archiver:
    """Moves committed records into objects that are rolled by size or time.

    Args:
        ledger: of the archive.
        objects: where they go.
        cutter: makes them.
        roll_bytes: an estimate of so many bytes waiting is reason to archive.
        roll_seconds: so is a record that has waited so long; zero archives whatever waits.
        stopping: looked at between two cuts.
        board: told what waits and what was done.
    """

    def __init__(
        self,
        ledger: ArchiveLedger,
        objects: ObjectStore,
        cutter: Cutter,
        *,
        roll_bytes: int,
        roll_seconds: float,
        stopping: Callable[[], bool] = lambda: False,
        board: Board | None = None,
    ) -> None:
        self._ledger = ledger
        self._objects = objects
        self._cutter = cutter
        self._roll_bytes = roll_bytes
        self._roll_seconds = roll_seconds
        self._stopping = stopping
        self._board = board or Board("archiver")
        self._record_bytes = EXPECTED_BYTES
        self._known_gaps: set[Gap] = set()

    def run_once(self) -> int:
        """Archive one cut of each partition that has enough waiting, bring the manifests up to date.

        Returns:
            How many cuts were archived; with none there is nothing to do for now.

        Raises:
            TemporarilyUnavailable: broker, ledger or object store did not answer; what was not committed is done again.
            ConfigurationError: something is not permitted, or this is not the broker that was scored from.
        """
        self._list()
        cuts = 0
        backlogs = self._ledger.claim()
        self._board.set(ARCHIVE_RECORDS, sum(backlog.last - backlog.first + 1 for backlog in backlogs))
        self._board.set(ARCHIVE_SECONDS, max((backlog.waiting for backlog in backlogs), default=0.0))
        for backlog in backlogs:
            if self._is_due(backlog) and not self._stopping():
                self._archive(backlog)
                cuts += 1
        self._list()
        return cuts

    def gaps(self) -> set[Gap]:
        """What the raw zone lacks for good and nobody has accepted; a new one is an error in the log."""
        found = set(self._ledger.open_gaps())
        for gap in sorted(found - self._known_gaps, key=lambda gap: (gap.log, gap.first)):
            log.error(
                "raw records are missing from the archive: the broker had forgotten them. Their scores are archived. "
                "`fraudstream archive accept-gaps` takes note of it",
                topic_id=gap.log.topic_id,
                partition=gap.log.partition,
                first_offset=gap.first,
                last_offset=gap.last,
            )
        self._known_gaps = found
        self._board.set(ARCHIVE_GAPS, len(found))
        return found

    def _is_due(self, backlog: Backlog) -> bool:
        waiting = (backlog.last - backlog.first + 1) * self._record_bytes
        return backlog.waiting >= self._roll_seconds or waiting >= self._roll_bytes

    def _archive(self, backlog: Backlog) -> None:
        cut = self._cutter.next_cut(backlog)
        for file, content in zip(cut.files, cut.contents, strict=True):
            self._objects.put(file.path, content, file.sha256)
        self._ledger.record(cut.files, cut.gap)
        self._note(backlog, cut)

    def _note(self, backlog: Backlog, cut: Cut) -> None:
        if cut.records:
            self._record_bytes = max(cut.record_bytes / cut.records, 1.0)
        any_file = cut.files[0]
        self._board.count(ARCHIVE_CUTS)
        self._board.count(ARCHIVE_BYTES, sum(file.size for file in cut.files))
        log.info(
            "archived",
            partition=backlog.log.partition,
            first_offset=any_file.first,
            last_offset=any_file.last,
            date=str(any_file.date),
            rows={str(file.zone): file.rows for file in cut.files},
            kilobytes=sum(file.size for file in cut.files) // 1_000,
            behind=backlog.last - any_file.last,
        )

    def _list(self) -> None:
        """Write the manifests that lack something.

        The tag is taken before the ledger is read: an archiver that has lost its partitions fails there, or its
        older list fails to replace the newer one of whoever owns them now.
        """
        for date, place in self._ledger.unlisted():
            path = manifest_path(date, place)
            tag = self._objects.tag(path)
            files = self._ledger.files(date, place)
            self._objects.replace(path, encode_manifest(files), tag)
            self._ledger.mark_listed(files)
