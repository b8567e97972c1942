"""The archiver takes every committed record once, whatever happens in between."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from tests.unit.archive.memory_world import ArchiveWorld
from tests.unit.verify.memory_stack import MemoryStack

from fraudstream.adapters.memory_archive import MemoryArchive, MemoryObjects
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import ARCHIVE_CUTS, ARCHIVE_GAPS, ARCHIVE_RECORDS, ARCHIVE_SECONDS
from fraudstream.ports.archive import ArchivedFile, Gap, Zone


class Killed(Exception):  # noqa: N818 - what it stands for
    """The process ends here."""


def step_of(world: ArchiveWorld, number: int) -> tuple[MemoryArchive, MemoryObjects]:
    """Ledger and objects that let the archiver die at its n-th change of the world, before or after it."""
    steps = itertools.count()

    def at(when: int) -> None:
        if when == number:
            raise Killed

    class Objects(MemoryObjects):
        def put(self, path: str, content: bytes, sha256: str) -> None:
            at(next(steps))
            super().put(path, content, sha256)
            at(next(steps))

        def replace(self, path: str, content: bytes, tag: str | None) -> None:
            at(next(steps))
            super().replace(path, content, tag)
            at(next(steps))

    class Ledger(MemoryArchive):
        def record(self, files: object, gap: Gap | None = None) -> None:
            at(next(steps))
            super().record(files, gap)  # type: ignore[arg-type]
            at(next(steps))

        def mark_listed(self, files: object) -> None:
            at(next(steps))
            super().mark_listed(files)  # type: ignore[arg-type]
            at(next(steps))

    ledger = world.ledger
    return Ledger(ledger.slices, ledger.clock, ledger.archived, ledger.listed, ledger.known_gaps), Objects(
        world.objects.objects
    )


def test_the_raw_zone_holds_every_record_byte_for_byte() -> None:
    world = ArchiveWorld()
    for partition in (0, 1):
        log = world.stack.broker.logs[TRANSACTIONS, partition]
        log[3] = replace(log[3], key=b"\x00\xff", headers=(("trace", b"\x80"), ("none", None)))
    world.archive_all()

    for partition in (0, 1):
        log = world.stack.broker.logs[TRANSACTIONS, partition]
        assert world.column(Zone.RAW, "value", partition) == [record.value for record in log]
        assert world.column(Zone.RAW, "key", partition) == [record.key for record in log]
        assert world.column(Zone.RAW, "offset", partition) == [record.offset for record in log]
        headers = [[(h["name"], h["value"]) for h in one] for one in world.column(Zone.RAW, "headers", partition)]  # type: ignore[attr-defined]
        assert headers == [list(record.headers) for record in log]


def test_the_processed_zone_holds_every_score_with_its_names() -> None:
    world = ArchiveWorld()
    world.archive_all()
    rows = [row for log in {f.log for f in world.ledger.archived} for row in world.ledger.scored(log, 0, 1_000)]

    assert sorted(world.column(Zone.PROCESSED, "transaction_id")) == sorted(str(row.transaction_id) for row in rows)  # type: ignore[type-var]
    assert sum(world.column(Zone.PROCESSED, "amount")) == pytest.approx(sum(row.amount for row in rows))  # type: ignore[arg-type]
    assert set(world.column(Zone.PROCESSED, "merchant_category")) == {"Groceries"}
    assert set(world.column(Zone.PROCESSED, "location")) == {"Chicago"}
    assert set(world.column(Zone.PROCESSED, "channel")) == {None}
    assert {len(vector) for vector in world.column(Zone.PROCESSED, "features")} == {len(rows[0].features) // 8}  # type: ignore[arg-type]


def test_objects_are_named_by_day_log_and_range() -> None:
    world = ArchiveWorld()
    world.archive_all()
    (file,) = world.files(Zone.RAW, partition=1)

    assert file.path.startswith(
        f"raw/date=2025-06-16/{world.stack.topic_id}-1-0000000000000000-0000000000000023-{file.sha256[:16]}"
    )
    assert world.objects.list("raw/date=2025-06-16/")


def test_nothing_is_archived_before_it_is_due() -> None:
    world = ArchiveWorld()
    worker = world.archiver(roll_seconds=60.0)

    assert worker.run_once() == 0
    world.stack.clock.sleep(59)
    assert worker.run_once() == 0
    world.stack.clock.sleep(1)
    assert worker.run_once() == 2


def test_much_is_archived_at_once() -> None:
    """An estimate decides, which the first cut corrects."""
    world = ArchiveWorld()
    worker = world.archiver(roll_bytes=4_000, roll_seconds=60.0)

    assert worker.run_once() == 2


def test_a_cut_ends_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fraudstream.archive.cut.PIECE", 4)
    world = ArchiveWorld()
    world.archive_all(world.archiver(roll_bytes=1_500))
    ranges = [(file.first, file.last) for file in world.files(Zone.RAW, partition=1)]

    assert ranges == [(0, 7), (8, 15), (16, 23)]
    assert world.verify().problems == ()


def test_a_cut_ends_with_its_day() -> None:
    world = ArchiveWorld(MemoryStack())
    world.send(1, 2, 3)
    midnight = 86_400 - world.stack.clock.now() % 86_400
    world.stack.clock.sleep(midnight)
    world.send(4, 5)
    world.archive_all()

    assert [(str(f.date), f.first, f.last, f.rows) for f in world.files(Zone.PROCESSED)] == [
        ("2025-06-16", 0, 2, 3),
        ("2025-06-17", 3, 4, 2),
    ]
    assert world.verify().problems == ()


@pytest.mark.parametrize("number", range(14))
def test_a_death_at_any_step_leaves_nothing_out_and_nothing_twice(number: int) -> None:
    """Twelve steps take one partition from the first upload to the mark on its manifest."""
    world = ArchiveWorld(MemoryStack())
    world.send(1, 2, 3)
    ledger, objects = step_of(world, number)
    worker = world.archiver(ledger=ledger, objects=objects)
    died = False
    try:
        worker.run_once()
    except Killed:
        died = True
    world.send(4, 5)
    world.archive_all()
    balance = world.verify()

    assert died == (number < 10)
    assert balance.problems == ()
    assert (balance.raw, balance.processed) == (5, 5)
    assert sorted(world.through_manifests(), key=lambda f: f.path) == sorted(
        world.ledger.archived, key=lambda f: f.path
    )
    assert balance.orphans == (sum(file.endswith(".parquet") for file in objects.objects) - len(ledger.archived))


def test_an_orphan_is_named_and_ignored() -> None:
    """What a dead archiver uploaded is there, and the same records come again in another object."""
    world = ArchiveWorld(MemoryStack())
    world.send(1, 2, 3)
    ledger, objects = step_of(world, 4)
    with pytest.raises(Killed):
        world.archiver(ledger=ledger, objects=objects).run_once()
    world.send(4)
    world.archive_all()
    balance = world.verify()

    assert balance.holds
    assert balance.orphans == 2
    assert all("-0000000000000002-" in path for path in balance.examples["orphans"])
    assert world.column(Zone.RAW, "offset") == [0, 1, 2, 3]


class Away(MemoryObjects):
    """A store that does not answer."""

    def put(self, path: str, content: bytes, sha256: str) -> None:  # noqa: ARG002 - the port's
        raise TemporarilyUnavailable(f"{path}: no answer")


def test_an_outage_leaves_everything_waiting() -> None:
    world = ArchiveWorld()
    with pytest.raises(TemporarilyUnavailable, match="no answer"):
        world.archiver(objects=Away()).run_once()

    assert world.ledger.archived == []
    world.archive_all()
    assert world.verify().problems == ()


def test_what_the_broker_forgot_is_a_gap_and_its_scores_are_archived() -> None:
    world = ArchiveWorld()
    world.stack.clean(5)
    worker = world.archiver()
    world.archive_all(worker)
    balance = world.verify()

    assert {(gap.first, gap.last) for gap in worker.gaps()} == {(0, 4)}
    assert balance.processed == balance.stored
    assert (balance.forgotten, balance.raw) == (10, balance.records - 10)
    assert balance.problems == (
        "10 records were forgotten by the broker before they were archived, and nobody has taken note",
    )
    assert world.ledger.accept_gaps() == 2
    assert worker.gaps() == set()
    assert world.verify().holds


def test_everything_forgotten_leaves_the_scores() -> None:
    world = ArchiveWorld()
    world.stack.clean(1_000)
    world.archive_all()

    assert world.files(Zone.RAW) == []
    assert world.verify().processed == 48


def test_another_broker_is_refused() -> None:
    world = ArchiveWorld()
    world.stack.broker.ids[TRANSACTIONS] = "11111111-2222-3333-4444-555555555555"

    with pytest.raises(ConfigurationError, match="Is this the broker it came from"):
        world.archiver().run_once()
    assert world.ledger.known_gaps == []


def test_a_topic_made_anew_ends_the_old_log() -> None:
    """Once the new log is scored, it is known that the old one is gone for good."""
    world = ArchiveWorld(MemoryStack())
    world.send(1, 2)
    old = world.stack.topic_id
    world.stack.broker.ids[TRANSACTIONS] = "11111111-2222-3333-4444-555555555555"
    world.stack.broker.logs[TRANSACTIONS, 0].clear()
    world.send(3)
    world.archive_all()

    assert [(gap.log.topic_id, gap.first, gap.last) for gap in world.ledger.known_gaps] == [(old, 0, 1)]
    assert len(world.column(Zone.PROCESSED, "offset")) == 3
    assert world.column(Zone.RAW, "offset") == [0]


def test_a_log_that_ends_early_is_waited_for() -> None:
    world = ArchiveWorld(MemoryStack())
    world.send(1, 2)
    world.stack.broker.logs[TRANSACTIONS, 0].pop()

    with pytest.raises(TemporarilyUnavailable, match="ends at offset 0, and 1 was scored"):
        world.archiver().run_once()


def test_a_range_without_a_score_is_archived() -> None:
    world = ArchiveWorld(MemoryStack())
    world.stack.send(b"not a payment")
    world.stack.score()
    world.archive_all()

    assert [file.rows for file in world.files(Zone.PROCESSED)] == [0]
    assert world.column(Zone.RAW, "value") == [b"not a payment"]
    assert world.verify().problems == ()


def test_a_manifest_lists_a_whole_day_of_a_partition() -> None:
    world = ArchiveWorld(MemoryStack())
    for number in (1, 2, 3):
        world.send(number)
        world.archive_all()

    assert [path.rsplit("-", 1)[1] for path in world.objects.list("manifest/")] == ["0.json"]
    assert [file.first for file in world.through_manifests()] == [0, 1, 2] * 2


def test_a_manifest_that_somebody_else_wrote_is_not_replaced() -> None:
    """An archiver that was taken for dead comes back with an older list."""
    world = ArchiveWorld(MemoryStack())
    world.send(1)

    class Late(MemoryArchive):
        def files(self, date: dt.date, log: object) -> list[ArchivedFile]:
            found = list(super().files(date, log))  # type: ignore[arg-type]
            world.send(2)
            world.archive_all()
            return found

    ledger = world.ledger
    with pytest.raises(TemporarilyUnavailable, match="was changed by somebody else"):
        world.archiver(ledger=Late(ledger.slices, ledger.clock, ledger.archived, ledger.listed)).run_once()
    assert world.verify().problems == ()
    assert len(world.through_manifests()) == 4


def test_what_waits_and_what_is_missing_is_shown() -> None:
    world, board = ArchiveWorld(), Board("archiver")
    world.stack.clean(5)
    world.ledger.claim()  # a ledger in memory counts from here
    world.stack.clock.sleep(90)
    worker = world.archiver(board=board)
    worker.run_once()
    before = [board.value(metric) for metric in (ARCHIVE_RECORDS, ARCHIVE_CUTS)]
    waited = board.value(ARCHIVE_SECONDS) or 0.0
    world.archive_all(worker)
    worker.gaps()

    assert before == [world.verify().records, 2]
    assert waited >= 90
    assert [board.value(metric) for metric in (ARCHIVE_RECORDS, ARCHIVE_SECONDS, ARCHIVE_GAPS)] == [0, 0, 2]
