"""Slices on PostgreSQL that get in each other's way, in the way of a promotion, or lose their connection."""

import contextlib
import random
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psycopg2
import pytest
import stamina
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from tests.unit.scoring.world import DAY, NOW, a_model, encoded

from fraudstream.adapters.database.id_reservations import CAREFUL_SLICES
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION, index_of
from fraudstream.features.events import columns_of
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.slices import Deployment, LogPart
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import SliceSummary, score_slice

pytestmark = pytest.mark.integration

PART = LogPart("payments", str(uuid.UUID(int=1)), 0, epoch=1)
REPEATING = [2, 4, CAREFUL_SLICES + 4]
"""Slices with a repeat in them: the second comes while a look-up is made, the last when none is made any more."""


@dataclass
class Bench:
    """A database with a model at work."""

    url: str

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        opened = contextlib.closing(connect(self.url, application="test"))
        with opened as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def store(self) -> Iterator[PostgresSliceStore]:
        with contextlib.closing(PostgresSliceStore(self.url, application="slices")) as store:
            yield store

    def deploy(self, version: str) -> None:
        content = to_bytes(a_model(version=version))
        self.execute("INSERT INTO model_artefacts (digest, content) VALUES (%s, %s)", digest_of(content), content)
        self.execute(
            "INSERT INTO deployments (model_name, model_version, digest, catalogue_version, threshold, reason, active)"
            " VALUES ('m', %s, %s, %s, 0.5, 'test', %s)",
            version,
            digest_of(content),
            CATALOGUE_VERSION,
            version == "1",
        )


@pytest.fixture
def bench(database_url: str) -> Bench:
    made = Bench(database_url)
    made.deploy("1")
    return made


@contextlib.contextmanager
def watched_statements(store: PostgresSliceStore, asked: list[str]) -> Iterator[None]:
    """Note what the store's connection copies."""
    connection = store._connection
    assert connection is not None

    class Watched(Cursor):
        def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:  # noqa: ANN401 - psycopg2's signature
            asked.append(sql if isinstance(sql, str) else sql.as_string(self))
            super().copy_expert(sql, file, size)

    connection.cursor_factory = Watched
    try:
        yield
    finally:
        connection.cursor_factory = Cursor


def score(store: PostgresSliceStore, part: LogPart, first: int, values: list[bytes]) -> SliceSummary:
    records = LogRecords(first + np.arange(len(values)), np.full(len(values), NOW), values)
    read, models = read_records(records, max_future=DAY), ModelCache()
    for attempt in stamina.retry_context(on=TemporarilyUnavailable, attempts=5, wait_initial=0.01, wait_max=0.1):
        with attempt:
            return score_slice(read, part, store, models, label_delay=DAY)
    raise AssertionError


def test_partitions_that_share_their_customers_lose_no_payment(bench: Bench) -> None:
    """Both partitions meet the same thirty customers, some for the first time, and also the same ids."""
    slices, size = 25, 12
    numbers = random.Random(3).sample(range(10_000), 40)  # noqa: S311 - a test's choice

    def run(partition: int) -> None:
        draw = random.Random(partition)  # noqa: S311
        with bench.store() as store:
            for number in range(slices):
                payments = [
                    encoded(user_id=draw.randrange(30), transaction_id=str(uuid.UUID(int=draw.choice(numbers) + 10**6)))
                    if draw.random() < 0.2
                    else encoded(user_id=draw.randrange(30))
                    for _ in range(size)
                ]
                score(store, replace(PART, partition=partition), number * size, payments)

    threads = [threading.Thread(target=run, args=(partition,)) for partition in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert bench.execute("SELECT sum(rows + quarantined + repeats), count(*) FROM slices") == [
        (3 * slices * size, 3 * slices)
    ]
    known, seen = index_of("payments_known"), dict[object, list[float]]()
    for user, vector in bench.execute(
        'SELECT user_id, features FROM scored_transactions ORDER BY user_id, slice_id, "offset"'
    ):
        seen.setdefault(user, []).append(float(np.frombuffer(bytes(vector), "<f8")[known]))  # type: ignore[call-overload]
    assert all(counts == [float(number) for number in range(len(counts))] for counts in seen.values())


def test_a_slice_that_waited_for_a_promotion_scores_with_the_new_model(bench: Bench) -> None:
    bench.deploy("2")
    found: list[Deployment] = []

    def look() -> None:
        with bench.store() as store, store.open(PART) as opened:
            found.append(opened.deployment())

    with contextlib.closing(connect(bench.url, application="promotion")) as promotion, promotion.cursor() as cursor:
        cursor.execute("UPDATE deployments SET active = false WHERE model_version = '1'")
        cursor.execute("UPDATE deployments SET active = true WHERE model_version = '2'")
        slice_ = threading.Thread(target=look, daemon=True)
        slice_.start()
        _until_somebody_waits(bench)
        promotion.commit()
        slice_.join(30)

    assert [deployment.model_version for deployment in found] == ["2"]


def test_a_promotion_waits_for_the_slices_at_work(bench: Bench) -> None:
    with bench.store() as store, store.open(PART) as opened:
        opened.deployment()
        with (
            contextlib.closing(connect(bench.url, application="promotion")) as promotion,
            promotion.cursor() as cursor,
            pytest.raises(psycopg2.errors.LockNotAvailable, match="lock timeout"),
        ):
            cursor.execute("SET lock_timeout = '100ms'; UPDATE deployments SET active = false WHERE active")


def test_a_broken_connection_is_replaced_and_the_slice_taken_again(bench: Bench) -> None:
    with bench.store() as store:
        score(store, PART, 0, [encoded()])
        bench.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'slices'")

        assert score(store, PART, 1, [encoded()]) == SliceSummary(scored=1)


def test_a_connection_that_breaks_in_a_slice_undoes_it(bench: Bench) -> None:
    def interrupted(store: PostgresSliceStore) -> None:
        with store.open(PART) as opened:
            opened.lock_states(CATALOGUE_VERSION, np.array([7]))
            bench.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'slices'")
            opened.lock_states(CATALOGUE_VERSION, np.array([8]))

    with bench.store() as store:
        with pytest.raises(TemporarilyUnavailable, match="connection to PostgreSQL broke"):
            interrupted(store)

        assert bench.execute("SELECT count(*) FROM customer_state") == [(0,)]
        assert score(store, PART, 0, [encoded()]) == SliceSummary(scored=1)


def test_an_id_that_another_slice_takes_at_this_moment_is_tried_again(bench: Bench) -> None:
    payment = [encoded(user_id=7)]

    def behind(taken: list[SliceSummary]) -> None:
        with bench.store() as store:
            taken.append(score(store, replace(PART, partition=1), 0, payment))

    taken: list[SliceSummary] = []
    other = threading.Thread(target=behind, args=(taken,))
    records = read_records(LogRecords(np.array([0]), np.array([NOW]), payment), max_future=DAY)
    with bench.store() as store, store.open(PART) as opened:
        fresh = opened.reserve(columns_of(records.parsed).transaction_id, np.array([1]), records.offset).fresh
        other.start()
        _until_somebody_waits(bench)
    other.join(30)

    assert fresh.tolist() == [True]
    assert taken == [SliceSummary(quarantined=1)]


def test_a_repeat_is_one_whether_or_not_any_was_expected(bench: Bench) -> None:
    """A store that saw a repeat looks ids up for a while; before and afterwards the unique index alone tells it."""
    repeats = []
    with bench.store() as store:
        for number in range(1, CAREFUL_SLICES + 5):
            old = [number - 1] if number in REPEATING else []
            values = [encoded(transaction_id=str(uuid.UUID(int=each))) for each in (*old, number)]
            repeats.append(score(store, PART, 2 * number, values).repeats)

    assert [number for number, count in enumerate(repeats, start=1) if count] == REPEATING
    assert bench.execute("SELECT count(*) FROM transaction_ids") == [(CAREFUL_SLICES + 4,)]


def test_a_slice_without_repeats_stores_its_ids_without_a_look_up(bench: Bench) -> None:
    asked: list[str] = []
    with bench.store() as store:
        score(store, PART, 0, [encoded(transaction_id=str(uuid.UUID(int=1)))])
        with watched_statements(store, asked):
            score(store, PART, 1, [encoded(transaction_id=str(uuid.UUID(int=2)))])
            quiet = sum("wanted (id)" in each for each in asked)
            score(store, PART, 2, [encoded(transaction_id=str(uuid.UUID(int=each))) for each in (2, 3)])
            score(store, PART, 4, [encoded(transaction_id=str(uuid.UUID(int=4)))])

    assert (quiet, sum("wanted (id)" in each for each in asked)) == (0, 2)


def test_a_deadlock_with_somebody_else_is_a_temporary_problem(bench: Bench) -> None:
    """Somebody locks states downwards, which no slice ever does; the slice waits first and is the one to give up."""
    with bench.store() as store:
        score(store, PART, 0, [encoded(user_id=7), encoded(user_id=8)])
    somebody, lock = (
        connect(bench.url, application="somebody"),
        "SELECT FROM customer_state WHERE user_id = %s FOR UPDATE",
    )

    def lock_seven() -> None:
        _until_somebody_waits(bench)
        with somebody.cursor() as cursor:
            cursor.execute(lock, [7])

    later = threading.Thread(target=lock_seven, daemon=True)

    def slice_() -> None:
        with bench.store() as store, store.open(PART) as opened:
            opened.lock_states(CATALOGUE_VERSION, np.array([7]))
            later.start()
            opened.lock_states(CATALOGUE_VERSION, np.array([8]))

    with contextlib.closing(somebody), somebody.cursor() as cursor:
        cursor.execute(lock, [8])
        with pytest.raises(TemporarilyUnavailable, match="in the way: deadlock"):
            slice_()
        later.join(30)


def test_durability_is_not_traded_for_speed(bench: Bench) -> None:
    with bench.store() as store, store.open(PART):
        settings = bench.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
        )

    assert dict(settings) == {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}  # type: ignore[arg-type]


def _until_somebody_waits(bench: Bench) -> None:
    for _ in range(3_000):
        if bench.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            return
    raise AssertionError("nobody waits for a lock")
