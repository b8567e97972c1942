"""A stream in memory with an archive beside it."""

from dataclasses import dataclass, field

from tests.unit.verify.memory_stack import MemoryStack, a_busy_stack, a_payment

from fraudstream.adapters.memory_archive import MemoryArchive, MemoryObjects
from fraudstream.archive.archiver import Archiver
from fraudstream.archive.balance import ArchiveBalance
from fraudstream.archive.cut import Cutter
from fraudstream.archive.layout import decode_manifest
from fraudstream.archive.parquet import columns_of
from fraudstream.archive.verification import ArchiveVerification
from fraudstream.metrics.board import Board
from fraudstream.ports.archive import ArchivedFile, ArchiveLedger, ObjectStore, Zone
from fraudstream.ports.records import LogReader

ROLL_BYTES = 1_000_000
ROLL_SECONDS = 60.0


@dataclass
class ArchiveWorld:
    """`stack` is the stream; the ledger of the archive and the objects outlive every archiver."""

    stack: MemoryStack = field(default_factory=a_busy_stack)
    objects: MemoryObjects = field(default_factory=MemoryObjects)

    def __post_init__(self) -> None:
        self.ledger = MemoryArchive(self.stack.slices, self.stack.clock)

    def archiver(
        self,
        *,
        ledger: ArchiveLedger | None = None,
        objects: ObjectStore | None = None,
        reader: LogReader | None = None,
        roll_bytes: int = ROLL_BYTES,
        roll_seconds: float = 0.0,
        board: Board | None = None,
    ) -> Archiver:
        kept = ledger or self.ledger
        cutter = Cutter(reader or self.stack.broker, kept, self.stack.clock, roll_bytes)
        return Archiver(
            kept, objects or self.objects, cutter, roll_bytes=roll_bytes, roll_seconds=roll_seconds, board=board
        )

    def archive_all(self, archiver: Archiver | None = None) -> None:
        worker = archiver or self.archiver()
        while worker.run_once():
            pass

    def send(self, *numbers: int, partition: int = 0) -> None:
        """Let payments arrive and be scored in one slice."""
        for number in numbers:
            self.stack.send(a_payment(number), partition=partition)
        self.stack.score(partition)

    def verify(self) -> ArchiveBalance:
        return ArchiveVerification(self.ledger, self.objects).run()

    def files(self, zone: Zone, partition: int | None = None) -> list[ArchivedFile]:
        found = [file for file in self.ledger.archived if file.zone is zone]
        return sorted(
            (file for file in found if partition in {None, file.log.partition}), key=lambda f: (f.log, f.first)
        )

    def column(self, zone: Zone, name: str, partition: int | None = None) -> list[object]:
        """One column of everything that the ledger names."""
        contents = [self.objects.objects[file.path] for file in self.files(zone, partition)]
        return [value for content in contents for value in columns_of(content, name)[0]]

    def through_manifests(self) -> list[ArchivedFile]:
        """What a reader without the database finds."""
        paths = self.objects.list("manifest/")
        return [file for path in paths for file in decode_manifest(self.objects.objects[path]).archived()]
