"""One contract for the book of deliveries, in memory and in the database."""

import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.delivery_book import PostgresDeliveries, PostgresDeliveryBook
from fraudstream.adapters.memory_delivery import MemoryDeliveryBook
from fraudstream.ports.delivery import ChannelDelivery, DeliveryBook

pytestmark = pytest.mark.ports

ALERT = uuid.UUID(int=5)


@dataclass
class World:
    """A book and whoever reads it."""

    book: DeliveryBook
    read: Callable[[uuid.UUID], Sequence[ChannelDelivery]]


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        book = MemoryDeliveryBook()
        yield World(book, book.deliveries)
        return
    url = request.getfixturevalue("database_url")
    with contextlib.closing(ConnectionPool(url, application="test", size=1)) as pool:
        yield World(PostgresDeliveryBook(pool), PostgresDeliveries(pool).of)


def test_tries_are_counted_and_the_last_trouble_kept_until_it_gets_there(world: World) -> None:
    tries = [world.book.trying(ALERT, "webhook"), world.book.trying(ALERT, "webhook")]
    world.book.failed(ALERT, "webhook", "it did not answer")
    (away,) = world.read(ALERT)
    before = world.book.is_settled(ALERT, "webhook")
    world.book.trying(ALERT, "webhook")
    world.book.delivered(ALERT, "webhook", "m-1")
    world.book.failed(ALERT, "webhook", "too late to matter")
    world.book.trying(ALERT, "email")
    email, webhook = world.read(ALERT)

    assert (tries, away.attempts, away.error, away.delivered_at) == ([1, 2], 2, "it did not answer", None)
    assert (before, world.book.is_settled(ALERT, "webhook"), world.book.is_settled(ALERT, "email")) == (
        False,
        True,
        False,
    )
    assert (webhook.attempts, webhook.message_id, webhook.error) == (3, "m-1", None)
    assert webhook.delivered_at is not None
    assert email.attempts == 1
    assert world.read(uuid.UUID(int=6)) == []
