"""Errors planted in an archive on real servers: each is named, and after each the archive is put right again."""

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import psycopg2.errors
import pytest
from tests.integration.archive.stream import ArchivedStream

from fraudstream.adapters.database.archive_reader import PostgresArchiveReader
from fraudstream.adapters.database.archive_store import PostgresArchiveLedger
from fraudstream.archive.layout import archived_file
from fraudstream.archive.parquet import PROCESSED, RAW, ParquetWriter, processed_table, raw_table
from fraudstream.ports.archive import ArchivedFile, ScoredRow, Zone
from fraudstream.ports.records import Record

pytestmark = pytest.mark.integration

KEEP = """
CREATE TABLE kept_files AS SELECT * FROM archive_files;
CREATE TABLE kept_scores AS SELECT * FROM scored_transactions
"""
PUT_RIGHT = """
DELETE FROM archive_files;
INSERT INTO archive_files SELECT * FROM kept_files;
DELETE FROM scored_transactions;
INSERT INTO scored_transactions SELECT * FROM kept_scores
"""
ANOTHER_OBJECT = "UPDATE archive_files SET path = %s, rows = %s, size = %s, sha256 = %s WHERE path = %s"
ONCE_MORE = """
INSERT INTO archive_files (path, zone, topic, topic_id, partition, day, first_offset, last_offset, rows, size, sha256)
SELECT path || %s, zone, topic, topic_id, partition, day, first_offset + %s, last_offset, rows, size, sha256
FROM archive_files WHERE zone = 'raw'
"""


def file_of(stream: ArchivedStream, zone: Zone) -> ArchivedFile:
    with PostgresArchiveReader(stream.url).snapshot() as snapshot:
        (file,) = [file for file, _ in snapshot.files() if file.zone is zone]
    return file


def raw_again(stream: ArchivedStream, records: Sequence[Record]) -> None:
    """An object of these records instead of the true one, which the ledger knows."""
    file, writer = file_of(stream, Zone.RAW), ParquetWriter(RAW)
    writer.add(raw_table(file.topic, file.log, records))
    _take_its_place(stream, file, writer.finish(), len(records))


def processed_again(stream: ArchivedStream, change: Callable[[list[ScoredRow]], list[ScoredRow]]) -> None:
    """An object of changed scores instead of the true one, which the ledger knows."""
    file, writer = file_of(stream, Zone.PROCESSED), ParquetWriter(PROCESSED)
    with contextlib.closing(PostgresArchiveLedger(stream.url)) as ledger:
        rows = change(list(ledger.scored(file.log, 0, 1_000)))
    writer.add(processed_table(file.topic, file.log, rows))
    _take_its_place(stream, file, writer.finish(), len(rows))


def _take_its_place(stream: ArchivedStream, old: ArchivedFile, content: bytes, rows: int) -> None:
    new = archived_file(old.zone, old.topic, old.log, old.date, (old.first, old.last), rows, content)
    stream.objects.put(new.path, content, new.sha256)
    stream.stack.run(ANOTHER_OBJECT, new.path, rows, new.size, new.sha256, old.path)


def another_amount_in_the_raw_zone(stream: ArchivedStream) -> None:
    first, *rest = stream.records()
    assert first.value is not None
    raw_again(stream, [replace(first, value=first.value.replace(b"10.01", b"10.02")), *rest])


def a_damaged_object(stream: ArchivedStream) -> None:
    stream.objects.put(file_of(stream, Zone.PROCESSED).path, b"x", hashlib.sha256(b"x").hexdigest())


PLANTED: dict[str, Callable[[ArchivedStream], object]] = {
    "4 records are in the raw zone, not 5": lambda s: raw_again(s, s.records()[1:]),
    "6 records are in the raw zone, not 5": lambda s: raw_again(s, [s.records()[0], *s.records()]),
    "2 scores are in the processed zone, not 3": lambda s: processed_again(s, lambda rows: rows[1:]),
    "4 scores are in the processed zone, not 3": lambda s: processed_again(s, lambda rows: [rows[0], *rows]),
    "their amounts add up to 30.07, not 30.06": lambda s: processed_again(
        s, lambda rows: [rows[0]._replace(amount=10.02), *rows[1:]]
    ),
    "their amounts add up to 30.06, not 30.16": lambda s: s.stack.run(
        "UPDATE scored_transactions SET amount = amount + 0.1 WHERE user_id = 1"
    ),
    "3 scores are in the processed zone, not 2": lambda s: s.stack.run(
        "DELETE FROM scored_transactions WHERE user_id = 1"
    ),
    "1 objects hold something else than was stored": another_amount_in_the_raw_zone,
    "1 objects are damaged": a_damaged_object,
    "1 objects are gone": lambda s: s.stack.run("UPDATE archive_files SET path = path || 'x' WHERE zone = 'raw'"),
    "5 records are left out": lambda s: s.stack.run("DELETE FROM archive_files WHERE zone = 'raw'"),
    "4 records are archived twice": lambda s: s.stack.run(ONCE_MORE, "x", 1),
    "1 manifests say otherwise than the ledger": lambda s: s.stack.run("UPDATE archive_files SET rows = rows + 1"),
}


def test_what_is_planted_is_named(stream: ArchivedStream) -> None:
    stream.send(1, 2, 3, bad=2)
    stream.score()
    assert stream.archive().returncode == 0
    stream.stack.run(KEEP)
    true = file_of(stream, Zone.PROCESSED)
    content = stream.objects.get(true.path) or b""
    for sentence, plant in PLANTED.items():
        assert stream.balance().problems == (), f"before: {sentence}"
        plant(stream)
        problems = stream.balance().problems
        assert sentence in problems
        stream.stack.run(PUT_RIGHT)
        stream.objects.put(true.path, content, true.sha256)

    with pytest.raises(psycopg2.errors.UniqueViolation):
        stream.stack.run(ONCE_MORE, "x", 0)
    assert stream.said()["status"] == 0
