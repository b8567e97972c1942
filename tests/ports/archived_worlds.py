"""Whatever a world has scored, in files of an archive."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.ports.archive_worlds import DAY as ARCHIVED_ON
from tests.ports.matured_worlds import MaturedWorld, MemoryMaturedWorld, PostgresMaturedWorld
from tests.ports.slice_worlds import SliceWorld
from tests.ports.test_slice_store import PART

from fraudstream.adapters.archived_history import ArchivedHistory
from fraudstream.adapters.database.archive_store import PostgresArchiveLedger
from fraudstream.adapters.database.known_frauds import PostgresKnownFrauds
from fraudstream.adapters.memory_archive import MemoryArchive, MemoryObjects
from fraudstream.adapters.memory_matured import MemoryKnownFrauds
from fraudstream.archive.layout import archived_file
from fraudstream.archive.parquet import PROCESSED, ParquetWriter, processed_table
from fraudstream.ports.archive import ArchivedFile, ArchivedLog, ScoredRow, Zone
from fraudstream.ports.matured import MaturedScores
from fraudstream.ports.training_history import KnownFrauds

LOG = ArchivedLog(PART.topic_id, PART.partition)
RECORDS = 3
"""Records in a file: a slice is cut, and a file has several."""


@dataclass
class ArchivedWorld:
    """`MaturedWorld` whose history is read from an archive that is made when it is asked for."""

    world: MaturedWorld
    objects: MemoryObjects = field(default_factory=MemoryObjects)

    @property
    def slices(self) -> SliceWorld:
        return self.world.slices

    def matured(self) -> MaturedScores:
        return self.world.matured()

    def put_label(self, id_: int, *, is_fraud: bool, arrived_at: float, label_seq: int | None) -> None:
        self.world.put_label(id_, is_fraud=is_fraud, arrived_at=arrived_at, label_seq=label_seq)

    def history(self) -> ArchivedHistory:
        rows = self._rows()
        end = max((row.offset for row in rows), default=-1) + 1
        return ArchivedHistory(
            self.objects, [self._file(rows, first) for first in range(0, end, RECORDS)], self._known()
        )

    def _file(self, rows: Sequence[ScoredRow], first: int) -> ArchivedFile:
        held = [row for row in rows if first <= row.offset < first + RECORDS]
        writer = ParquetWriter(PROCESSED)
        writer.add(processed_table(PART.topic, LOG, held))
        content, offsets = writer.finish(), (first, first + RECORDS - 1)
        file = archived_file(Zone.PROCESSED, PART.topic, LOG, ARCHIVED_ON, offsets, len(held), content)
        self.objects.put(file.path, content, file.sha256)
        return file

    def _rows(self) -> Sequence[ScoredRow]:
        if isinstance(self.world, MemoryMaturedWorld):
            return MemoryArchive(self.world.slices.memory).scored(LOG, 0, 1_000)
        assert isinstance(self.world, PostgresMaturedWorld)
        with contextlib.closing(PostgresArchiveLedger(self.world.slices.url)) as ledger:
            return ledger.scored(LOG, 0, 1_000)

    def _known(self) -> KnownFrauds:
        if isinstance(self.world, MemoryMaturedWorld):
            return MemoryKnownFrauds(self.world.labels)
        assert isinstance(self.world, PostgresMaturedWorld)
        return PostgresKnownFrauds(self.world.slices.url)
