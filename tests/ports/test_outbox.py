"""One contract for `Outbox`, in memory and on Postgres."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from fraudstream.adapters.database import outbox_store
from fraudstream.adapters.database.outbox_backlog import PostgresOutboxBacklog
from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.memory_delivery import MemoryOutbox
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.delivery import Outbox, OutboxBacklog, OutboxRow, Unsent

pytestmark = pytest.mark.ports

Add = Callable[[bytes, float], int]
INSERT = """
INSERT INTO outbox (topic, key, value, not_before) VALUES ('topic', 'key', %s, to_timestamp(%s)) RETURNING outbox_id
"""


@dataclass
class Kept:
    """An outbox and a way to commit rows to it: value, and when it is due (seconds since 1970)."""

    outbox: Outbox
    add: Add
    backlog: OutboxBacklog


def adder(url: str) -> Add:
    def add(value: bytes, not_before: float = 0.0) -> int:
        with closing(connect(url, application="test")) as connection, connection, connection.cursor() as cursor:
            cursor.execute(INSERT, (value, not_before))
            (outbox_id,) = cursor.fetchone() or (0,)
            cursor.execute(f"NOTIFY {outbox_store.CHANNEL}")
            return int(outbox_id)

    return add


@pytest.fixture(params=["memory", "postgres"])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    if request.param == "memory":
        memory = MemoryOutbox()
        yield Kept(memory, lambda value, not_before: memory.add("topic", b"key", value, not_before=not_before), memory)
        return
    url: str = request.getfixturevalue("database_url")
    with closing(PostgresOutbox(url)) as outbox:
        yield Kept(outbox, adder(url), PostgresOutboxBacklog(url))


@pytest.fixture
def second(database_url: str) -> Iterator[PostgresOutbox]:
    with closing(PostgresOutbox(database_url)) as outbox:
        yield outbox


def values(rows: object) -> list[bytes]:
    return [row.value for row in rows]  # type: ignore[attr-defined]


def test_a_row_is_claimed_as_it_was_committed(kept: Kept) -> None:
    outbox_id = kept.add(b"value", 0.0)

    assert list(kept.outbox.claim(10)) == [OutboxRow(outbox_id, "topic", b"key", b"value")]


def test_rows_are_claimed_in_the_order_of_their_commits(kept: Kept) -> None:
    for value in (b"1", b"2", b"3"):
        kept.add(value, 0.0)

    assert values(kept.outbox.claim(10)) == [b"1", b"2", b"3"]


def test_rows_that_were_due_earlier_go_first(kept: Kept) -> None:
    kept.add(b"later", time.time() - 10)
    kept.add(b"earlier", time.time() - 20)

    assert values(kept.outbox.claim(10)) == [b"earlier", b"later"]


def test_no_more_rows_are_claimed_than_asked_for(kept: Kept) -> None:
    for value in (b"1", b"2", b"3"):
        kept.add(value, 0.0)

    assert values(kept.outbox.claim(2)) == [b"1", b"2"]


def test_settled_rows_do_not_come_again(kept: Kept) -> None:
    kept.add(b"sent", 0.0)
    kept.outbox.settle([row.outbox_id for row in kept.outbox.claim(10)])

    assert list(kept.outbox.claim(10)) == []


def test_claimed_rows_that_are_not_settled_come_again(kept: Kept) -> None:
    kept.add(b"sent", 0.0)
    kept.add(b"kept", 0.0)
    first, _ = kept.outbox.claim(10)
    kept.outbox.settle([first.outbox_id])

    assert values(kept.outbox.claim(10)) == [b"kept"]


def test_a_row_whose_time_has_not_come_is_not_claimed(kept: Kept) -> None:
    kept.add(b"later", time.time() + 3_600)

    assert list(kept.outbox.claim(10)) == []


def test_waiting_ends_at_the_timeout(kept: Kept) -> None:
    kept.outbox.claim(10)

    began = time.monotonic()
    kept.outbox.wait(0.2)

    assert 0.1 < time.monotonic() - began < 5


def test_a_commit_ends_the_wait(database_url: str, second: PostgresOutbox) -> None:
    second.claim(1)
    threading.Timer(0.2, lambda: adder(database_url)(b"value", 0.0)).start()

    began = time.monotonic()
    second.wait(30)

    assert time.monotonic() - began < 15
    assert values(second.claim(1)) == [b"value"]


def test_a_commit_just_before_the_wait_ends_it_too(database_url: str, second: PostgresOutbox) -> None:
    second.claim(1)
    adder(database_url)(b"value", 0.0)

    began = time.monotonic()
    second.wait(30)

    assert time.monotonic() - began < 15


def test_a_row_that_falls_due_ends_the_wait(database_url: str, second: PostgresOutbox) -> None:
    adder(database_url)(b"soon", time.time() + 1)
    deadline = time.monotonic() + 20
    while not (rows := second.claim(1)):
        assert time.monotonic() < deadline
        second.wait(30)

    assert values(rows) == [b"soon"]


def test_two_relays_take_turns(database_url: str, second: PostgresOutbox) -> None:
    for value in (b"1", b"2"):
        adder(database_url)(value, 0.0)
    with closing(PostgresOutbox(database_url)) as first:
        (row,) = first.claim(1)
        assert list(second.claim(10)) == []
        first.settle([row.outbox_id])

        assert values(second.claim(10)) == [b"2"]


def test_a_relay_that_dies_leaves_its_rows_to_the_next(database_url: str, second: PostgresOutbox) -> None:
    adder(database_url)(b"value", 0.0)
    first = PostgresOutbox(database_url)
    first.claim(10)
    first.close()

    deadline = time.monotonic() + 20
    while not (rows := second.claim(10)):
        assert time.monotonic() < deadline
    assert values(rows) == [b"value"]


def test_a_broken_connection_is_reported_and_opened_again(database_url: str, second: PostgresOutbox) -> None:
    adder(database_url)(b"value", 0.0)
    second.claim(1)
    with closing(connect(database_url, application="test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'fraudstream relay' AND datname = current_database()"
        )

    with pytest.raises(TemporarilyUnavailable, match="the outbox did not answer"):
        second.settle([1])
    assert values(second.claim(1)) == [b"value"]


def test_the_scorer_notifies_the_channel_that_the_relay_listens_to() -> None:
    from fraudstream.adapters.database.slice_rows import OUTBOX_CHANNEL  # noqa: PLC0415 - heavy, and only here

    assert OUTBOX_CHANNEL == outbox_store.CHANNEL


def test_what_is_due_and_unsent_is_counted_with_the_age_of_the_oldest(kept: Kept) -> None:
    assert kept.backlog.unsent() == Unsent(0, 0.0, 0)
    kept.add(b"old", time.time() - 100)
    new = kept.add(b"new", time.time() - 10)
    kept.add(b"not due", time.time() + 1_000)
    both = kept.backlog.unsent()
    kept.outbox.claim(10)
    kept.outbox.settle([new - 1])
    one = kept.backlog.unsent()

    assert (both.due, both.held, one.due) == (2, 0, 1)
    assert both.oldest == pytest.approx(100, abs=8)
    assert one.oldest == pytest.approx(10, abs=8)
