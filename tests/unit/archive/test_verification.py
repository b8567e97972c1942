"""Verification of the archive finds each kind of error that is planted."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.archive.memory_world import ArchiveWorld

from fraudstream.archive.layout import archived_file, encode_manifest, manifest_path
from fraudstream.archive.parquet import PROCESSED, RAW, ParquetWriter, processed_table, raw_table
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.ports.archive import ArchivedFile, Zone


@pytest.fixture
def world() -> ArchiveWorld:
    made = ArchiveWorld()
    made.archive_all()
    return made


def replace_object(world: ArchiveWorld, old: ArchivedFile, content: bytes, rows: int) -> None:
    """Put another object in the place of one, and let ledger and manifest know it."""
    new = archived_file(old.zone, old.topic, old.log, old.date, (old.first, old.last), rows, content)
    world.objects.objects[new.path] = content
    del world.objects.objects[old.path]
    world.ledger.archived[world.ledger.archived.index(old)] = new
    world.ledger.listed.add(new.path)
    relist(world, new)


def relist(world: ArchiveWorld, file: ArchivedFile) -> None:
    content = encode_manifest(world.ledger.files(file.date, file.log))
    world.objects.objects[manifest_path(file.date, file.log)] = content


def test_a_whole_archive_holds(world: ArchiveWorld) -> None:
    balance = world.verify()

    assert balance.problems == ()
    assert (balance.raw, balance.processed, balance.alerts) == (balance.records, 48, balance.stored_alerts)
    assert balance.raw == 52
    assert balance.alerts > 0
    assert balance.amount == balance.stored_amount == balance.amount_raw == balance.amount_raw_scored != "0.00"
    assert (balance.objects, balance.waiting, balance.orphans) == (4, 0, 0)


def test_a_stream_that_goes_on_waits_and_is_no_error(world: ArchiveWorld) -> None:
    world.send(1_001, 1_002)
    balance = world.verify()

    assert balance.holds
    assert balance.waiting == 2


def test_nothing_at_all_holds() -> None:
    assert ArchiveWorld().verify().holds


def gone(world: ArchiveWorld) -> None:
    del world.objects.objects[world.files(Zone.RAW)[0].path]


def damaged(world: ArchiveWorld) -> None:
    world.objects.objects[world.files(Zone.RAW)[0].path] += b"x"


def doubled(world: ArchiveWorld) -> None:
    (file,) = world.files(Zone.PROCESSED, partition=1)
    rows = world.ledger.scored(file.log, 20, 24)
    writer = ParquetWriter(PROCESSED)
    writer.add(processed_table(file.topic, file.log, rows))
    content = writer.finish()
    again = archived_file(file.zone, file.topic, file.log, file.date, (20, 23), 4, content)
    world.objects.objects[again.path] = content
    world.ledger.archived.append(again)
    world.ledger.listed.add(again.path)
    relist(world, again)


def left_out(world: ArchiveWorld) -> None:
    (file,) = world.files(Zone.RAW, partition=1)
    world.ledger.archived[world.ledger.archived.index(file)] = replace(file, first=2)
    relist(world, file)


def another_amount(world: ArchiveWorld) -> None:
    (file,) = world.files(Zone.PROCESSED, partition=1)
    first, *rest = world.ledger.scored(file.log, 0, 1_000)
    writer = ParquetWriter(PROCESSED)
    writer.add(processed_table(file.topic, file.log, [first._replace(amount=first.amount + 0.01), *rest]))
    replace_object(world, file, writer.finish(), file.rows)


def a_score_short(world: ArchiveWorld) -> None:
    (file,) = world.files(Zone.PROCESSED, partition=1)
    writer = ParquetWriter(PROCESSED)
    writer.add(processed_table(file.topic, file.log, world.ledger.scored(file.log, 0, 23)))
    replace_object(world, file, writer.finish(), file.rows - 1)


def another_record(world: ArchiveWorld) -> None:
    (file,) = world.files(Zone.RAW, partition=1)
    records = list(world.stack.broker.logs[TRANSACTIONS, 1])
    records[5] = replace(records[5], value=records[6].value)
    writer = ParquetWriter(RAW)
    writer.add(raw_table(file.topic, file.log, records))
    replace_object(world, file, writer.finish(), file.rows)


def a_record_twice(world: ArchiveWorld) -> None:
    (file,) = world.files(Zone.RAW, partition=1)
    records = list(world.stack.broker.logs[TRANSACTIONS, 1])
    writer = ParquetWriter(RAW)
    writer.add(raw_table(file.topic, file.log, [*records[:3], *records[2:]]))
    replace_object(world, file, writer.finish(), file.rows + 1)


def rows_that_the_ledger_denies(world: ArchiveWorld) -> None:
    (file,) = world.files(Zone.RAW, partition=1)
    world.ledger.archived[world.ledger.archived.index(file)] = replace(file, rows=file.rows + 1)
    relist(world, file)


def an_old_manifest(world: ArchiveWorld) -> None:
    (file, _) = world.files(Zone.RAW)
    world.objects.objects[manifest_path(file.date, file.log)] = encode_manifest([file])


def a_manifest_of_something_else(world: ArchiveWorld) -> None:
    (file, _) = world.files(Zone.RAW)
    world.objects.objects[manifest_path(file.date, file.log)] = b"{}"


@pytest.mark.parametrize(
    ("plant", "sentence"),
    [
        (gone, "1 objects are gone"),
        (damaged, "1 objects are damaged"),
        (doubled, "4 records are archived twice"),
        (left_out, "2 records are left out"),
        (another_amount, "1 objects hold something else than was stored"),
        (another_amount, "their amounts add up to"),
        (another_amount, "money: the raw records of the scores add up to"),
        (another_record, "money: the raw records of the scores add up to"),
        (a_score_short, "47 scores are in the processed zone, not 48"),
        (another_record, "1 objects hold something else than was stored"),
        (a_record_twice, "53 records are in the raw zone, not 52"),
        (rows_that_the_ledger_denies, "1 objects hold something else than was stored"),
        (an_old_manifest, "1 manifests say otherwise than the ledger"),
        (a_manifest_of_something_else, "1 manifests say otherwise than the ledger"),
    ],
)
def test_a_planted_error_is_found(world: ArchiveWorld, plant: Callable[[ArchiveWorld], None], sentence: str) -> None:
    plant(world)
    balance = world.verify()

    assert not balance.holds
    assert any(problem.startswith(sentence) for problem in balance.problems), balance.problems


def test_a_file_whose_manifest_is_on_its_way_is_no_error(world: ArchiveWorld) -> None:
    (file, _) = world.files(Zone.RAW)
    world.ledger.listed.remove(file.path)
    world.objects.objects[manifest_path(file.date, file.log)] = encode_manifest(
        [other for other in world.ledger.files(file.date, file.log) if other != file]
    )
    balance = world.verify()

    assert balance.holds
    assert balance.unlisted == 1
