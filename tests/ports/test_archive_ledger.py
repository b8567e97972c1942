"""One contract for `ArchiveLedger` and `ArchiveReader`, in memory and on Postgres."""

import contextlib
import datetime as dt
import math
import time
import uuid
from collections.abc import Iterator

import numpy as np
import pytest
from tests.ports.archive_worlds import (
    DAY,
    ArchiveLedgerWorld,
    MemoryArchiveWorld,
    PostgresArchiveWorld,
    a_file,
)

from fraudstream.adapters.database.sessions import connect
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT
from fraudstream.ports.archive import ArchivedLog, Gap, Totals, Zone

PATIENCE = 30.0
"""Seconds until something that happens by itself must have happened."""
pytestmark = pytest.mark.ports


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[ArchiveLedgerWorld]:
    if request.param == "memory":
        yield MemoryArchiveWorld()
        return
    with contextlib.ExitStack() as resources:
        yield PostgresArchiveWorld(request.getfixturevalue("database_url"), resources)


@pytest.fixture
def postgres(database_url: str) -> Iterator[PostgresArchiveWorld]:
    with contextlib.ExitStack() as resources:
        yield PostgresArchiveWorld(database_url, resources)


def test_nothing_waits_where_nothing_was_scored(world: ArchiveLedgerWorld) -> None:
    assert list(world.ledger().claim()) == []


def test_committed_slices_wait(world: ArchiveLedgerWorld) -> None:
    world.score(1, 2, bad=1)
    world.score(3)
    world.score(4, partition=1)
    zero, one = world.ledger().claim()

    assert (zero.topic, zero.log, zero.first, zero.last) == (TRANSACTIONS, ArchivedLog(world.topic_id, 0), 0, 3)
    assert (one.log.partition, one.first, one.last) == (1, 0, 0)
    assert 0 <= zero.waiting < 60


def test_what_is_archived_waits_no_more(world: ArchiveLedgerWorld) -> None:
    world.score(1, 2)
    world.score(3, 4)
    ledger = world.ledger()
    (backlog,) = ledger.claim()
    ledger.record([a_file(backlog.log, 0, 1), a_file(backlog.log, 0, 1, Zone.RAW)])
    (rest,) = ledger.claim()
    ledger.record([a_file(backlog.log, 2, 3), a_file(backlog.log, 2, 3, Zone.RAW)])

    assert (rest.first, rest.last) == (2, 3)
    assert list(ledger.claim()) == []


def test_a_range_may_end_within_a_slice(world: ArchiveLedgerWorld) -> None:
    world.score(1)
    world.score(2, 3, 4)
    world.score(5)
    ledger = world.ledger()
    (backlog,) = ledger.claim()
    ledger.record([a_file(backlog.log, 0, 2)])
    (rest,) = ledger.claim()

    assert (rest.first, rest.last) == (3, 4)


def test_a_range_is_recorded_once(world: ArchiveLedgerWorld) -> None:
    world.score(1, 2, 3)
    ledger = world.ledger()
    (backlog,) = ledger.claim()
    ledger.record([a_file(backlog.log, 0, 1)])

    with pytest.raises(TemporarilyUnavailable, match="another archiver was faster"):
        ledger.record([a_file(backlog.log, 2, 2), a_file(backlog.log, 0, 2)], Gap(backlog.log, 0, 2))
    assert list(ledger.files(DAY, backlog.log)) == [a_file(backlog.log, 0, 1)]
    assert list(ledger.open_gaps()) == []


def test_a_log_that_was_scored_is_known(world: ArchiveLedgerWorld) -> None:
    world.score(1)

    assert world.ledger().knows(world.topic_id)
    assert not world.ledger().knows(str(uuid.UUID(int=3)))


def test_scores_are_read_as_they_were_stored(world: ArchiveLedgerWorld) -> None:
    world.score(5, 7)
    first, second = world.ledger().scored(ArchivedLog(world.topic_id, 0), 0, 2)

    assert (first.offset, second.offset) == (0, 1)
    assert (first.transaction_id, first.user_id, first.amount) == (uuid.UUID(int=5), 5, 10.05)
    assert (first.merchant_id, second.merchant_id, first.device_id, first.channel) == (None, 7, None, None)
    assert (first.merchant_category, first.location, first.payment_method, first.currency) == (1, 2, 1, None)
    assert first.event_time == int(dt.datetime(2025, 6, 15, 10, 5, tzinfo=dt.UTC).timestamp()) * 1_000_000
    assert first.log_time % 1_000 == 0
    assert second.log_time - first.log_time == pytest.approx(1_000)
    assert (first.model_version, first.catalogue_version) == ("1", CATALOGUE_VERSION)
    assert np.frombuffer(first.features, "<f8").shape == (FEATURE_COUNT,)
    assert 0 <= first.score <= 1


def test_scores_of_a_range_alone_are_read(world: ArchiveLedgerWorld) -> None:
    world.score(1, 2, 3, 4)
    world.score(5, partition=1)

    assert [row.offset for row in world.ledger().scored(ArchivedLog(world.topic_id, 0), 1, 3)] == [1, 2]


def test_objects_wait_for_their_manifest(world: ArchiveLedgerWorld) -> None:
    world.score(1, 2)
    ledger = world.ledger()
    (backlog,) = ledger.claim()
    log, next_day = backlog.log, DAY + dt.timedelta(days=1)
    today = [a_file(log, 0, 0), a_file(log, 0, 0, Zone.RAW)]
    ledger.record([*today, a_file(log, 1, 1, date=next_day)])

    assert list(ledger.unlisted()) == [(DAY, log), (next_day, log)]
    assert list(ledger.files(DAY, log)) == today
    ledger.mark_listed(today)
    assert list(ledger.unlisted()) == [(next_day, log)]


def test_gaps_are_open_until_they_are_accepted(world: ArchiveLedgerWorld) -> None:
    world.score(1, 2)
    ledger = world.ledger()
    (backlog,) = ledger.claim()
    gap = Gap(backlog.log, 0, 1)
    ledger.record([a_file(backlog.log, 0, 1)], gap)

    assert list(ledger.open_gaps()) == [gap]
    assert ledger.accept_gaps() == 1
    assert list(ledger.open_gaps()) == []
    assert ledger.accept_gaps() == 0
    with world.reader().snapshot() as snapshot:
        assert list(snapshot.gaps()) == [Gap(backlog.log, 0, 1, accepted=True)]


def test_a_snapshot_says_what_is_archived_and_what_is_stored(world: ArchiveLedgerWorld) -> None:
    world.score(1, 7, bad=1)
    world.score(3, 4)
    ledger = world.ledger()
    (backlog,) = ledger.claim()
    files = [a_file(backlog.log, 0, 3, Zone.PROCESSED), a_file(backlog.log, 0, 3, Zone.RAW)]
    ledger.record(files)
    ledger.mark_listed(files[:1])
    rows = ledger.scored(backlog.log, 0, 4)
    with world.reader().snapshot() as snapshot:
        (log,) = snapshot.logs()
        totals = snapshot.totals(backlog.log, 0, 3)

        assert list(snapshot.files()) == [(files[0], True), (files[1], False)]
        assert snapshot.totals(backlog.log, 10, 20) == Totals()
    assert (log.log, log.first, log.last, log.counted, log.records) == (backlog.log, 0, 4, 2, 3)
    assert (totals.rows, totals.alerts) == (3, sum(row.alert for row in rows))
    assert float(totals.amount) == pytest.approx(math.fsum(row.amount for row in rows), abs=1e-9)
    assert float(totals.score) == pytest.approx(math.fsum(row.score for row in rows))
    assert totals.bodies == sum(row.body_hash for row in rows)


def test_a_partition_belongs_to_the_first_who_claims_it(postgres: PostgresArchiveWorld) -> None:
    postgres.score(1)
    first, second = postgres.ledger(), postgres.ledger()
    (backlog,) = first.claim()

    assert list(second.claim()) == []
    assert len(first.claim()) == 1
    first.close()
    deadline = time.monotonic() + PATIENCE  # the server ends a session a moment after its client has left
    while not (taken := list(second.claim())):
        assert time.monotonic() < deadline
    assert [each.log for each in taken] == [backlog.log]
    with pytest.raises(TemporarilyUnavailable, match="not this archiver's any more"):
        first.record([a_file(backlog.log, 0, 0)])


def test_a_session_that_ended_owns_nothing(postgres: PostgresArchiveWorld) -> None:
    postgres.score(1)
    ledger = postgres.ledger()
    (backlog,) = ledger.claim()
    postgres.stack.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'fraudstream archive' AND datname = current_database()"
    )
    with pytest.raises(TemporarilyUnavailable, match="did not answer"):
        ledger.scored(backlog.log, 0, 1)
    with pytest.raises(TemporarilyUnavailable, match="not this archiver's any more"):
        ledger.record([a_file(backlog.log, 0, 0)])
    with pytest.raises(TemporarilyUnavailable, match="not this archiver's any more"):
        ledger.files(DAY, backlog.log)
    assert len(ledger.claim()) == 1


def test_a_slice_that_took_its_id_first_and_commits_last_is_not_passed_over(postgres: PostgresArchiveWorld) -> None:
    postgres.score(1, partition=1)
    ledger = postgres.ledger()
    with contextlib.closing(connect(postgres.url, application="test")) as slow, slow.cursor() as cursor:
        cursor.execute(
            "INSERT INTO slices (topic_id, partition, first_offset, last_offset, epoch, label_seq, deployment_id,"
            " model_version, catalogue_version, rows, quarantined, repeats)"
            " SELECT topic_id, 1, 1, 5, epoch, label_seq, deployment_id, model_version, catalogue_version, 5, 0, 0"
            " FROM slices"
        )
        postgres.score(2, partition=0)
        for backlog in ledger.claim():
            ledger.record([a_file(backlog.log, backlog.first, backlog.last)])
        assert list(ledger.claim()) == []
        slow.commit()

    assert [(b.log.partition, b.first, b.last) for b in ledger.claim()] == [(1, 1, 5)]
