"""One contract for `ReplayBook`, in memory and on PostgreSQL."""

import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from fraudstream.adapters.database.replay_book import PostgresReplayBook
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.memory_replays import MemoryReplayBook
from fraudstream.errors import ImpossibleRequest, TemporarilyUnavailable
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.replays import ReplayBook, ReplayRequest

pytestmark = pytest.mark.ports

LOG = str(uuid.UUID(int=1))
ORIGIN = RecordPlace("payments", LOG, 0, 17)
REQUEST = ReplayRequest(ORIGIN, 1, "ana", "a typing error", "amount", "ab" * 16)


@pytest.fixture(params=["memory", "postgres"])
def open_book(request: pytest.FixtureRequest) -> Callable[[], ReplayBook]:
    """Opens the same book again and again, as one process after the other does."""
    if request.param == "memory":
        book = MemoryReplayBook()
        return lambda: book
    url = request.getfixturevalue("database_url")
    return lambda: PostgresReplayBook(url)


def at(offset: int) -> RecordPlace:
    return replace(ORIGIN, offset=offset)


def test_a_replay_is_in_the_book_before_its_fate_is_known(open_book: Callable[[], ReplayBook]) -> None:
    number = open_book().begin(REQUEST)

    ((begun,),) = open_book().replays([ORIGIN]).values()
    assert (begun.replay_id, begun.request, begun.sent, begun.error) == (number, REQUEST, None, None)
    assert begun.role
    assert begun.at.utcoffset() is not None


def test_a_fate_is_a_place_or_an_error_and_never_changes(open_book: Callable[[], ReplayBook]) -> None:
    book = open_book()
    first, second = book.begin(REQUEST), book.begin(replace(REQUEST, attempt=2, repair=""))
    book.settle(first, "broker is down")
    book.settle(second, at(90))
    book.settle(second, "changed its mind")
    book.settle(first, at(91))

    (replays,) = open_book().replays([ORIGIN]).values()
    assert [(replay.request.attempt, replay.sent, replay.error) for replay in replays] == [
        (1, None, "broker is down"),
        (2, at(90), None),
    ]


def test_an_attempt_is_made_once(open_book: Callable[[], ReplayBook]) -> None:
    open_book().begin(REQUEST)

    with pytest.raises(ImpossibleRequest, match="somebody else has just sent this record again"):
        open_book().begin(replace(REQUEST, author="bo"))
    open_book().begin(replace(REQUEST, origin=at(18)))
    open_book().begin(replace(REQUEST, origin=replace(ORIGIN, topic_id=str(uuid.UUID(int=2)))))


def test_a_record_that_came_back_is_traced_to_where_it_stood_at_first(open_book: Callable[[], ReplayBook]) -> None:
    book = open_book()
    book.settle(book.begin(REQUEST), at(90))
    elsewhere = RecordPlace("alerts", str(uuid.UUID(int=2)), 1, 5)
    book.settle(book.begin(replace(REQUEST, attempt=2)), elsewhere)

    assert book.origins([at(90), elsewhere, at(91), ORIGIN]) == {at(90): ORIGIN, elsewhere: ORIGIN}
    assert book.origins([]) == {}


def test_records_that_were_never_sent_again_have_no_replays(open_book: Callable[[], ReplayBook]) -> None:
    open_book().begin(REQUEST)

    assert list(open_book().replays([at(18), ORIGIN])) == [ORIGIN]
    assert open_book().replays([at(18)]) == {}
    assert open_book().replays([]) == {}


def test_a_disclosure_stands_in_the_database_with_its_role(database_url: str) -> None:
    PostgresReplayBook(database_url).disclose(ORIGIN, author="ana", reason="to repair it")

    with closing(connect(database_url, application="test")) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT author, role = SESSION_USER, reason, topic, "offset", at <= now() FROM disclosures')
        assert cursor.fetchall() == [("ana", True, "to repair it", "payments", 17, True)]


def test_a_server_that_does_not_answer_is_unavailable_for_a_time() -> None:
    book = PostgresReplayBook("postgresql+psycopg2://nobody:x@127.0.0.1:1/none")

    with pytest.raises(TemporarilyUnavailable, match="did not accept the connection"):
        book.begin(REQUEST)
