"""The operator looks at the quarantine and keeps the book; whoever may only look can't."""

import contextlib

import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill

from fraudstream.adapters.database.quarantine_desk import PostgresQuarantine
from fraudstream.adapters.database.replay_book import PostgresReplayBook
from fraudstream.adapters.database.roles import Role
from fraudstream.errors import ConfigurationError
from fraudstream.ports.quarantine import Fate
from fraudstream.ports.replays import ReplayRequest

pytestmark = pytest.mark.integration


def test_only_the_operator_sends_again_and_sees_bytes(world: RoleWorld) -> None:
    with contextlib.ExitStack() as resources:
        fill(PostgresStack(world.url(Role.MIGRATE), resources, world.urls()))
    desk, book = PostgresQuarantine(world.url(Role.OPERATOR)), PostgresReplayBook(world.url(Role.OPERATOR))
    entry = desk.newest(1)[0]
    request = ReplayRequest(entry.place, 1, "ana", "test", "", "0" * 32)
    book.settle(book.begin(request), entry.place)
    book.disclose(entry.place, author="ana", reason="test")

    assert desk.fates([entry.place]) == {entry.place: Fate.QUARANTINED}
    assert desk.find(entry.place.topic, entry.place.partition, entry.place.offset) == entry
    ((replay,),) = book.replays([entry.place]).values()
    assert (replay.role, replay.sent) == (Role.OPERATOR, entry.place)
    reader = PostgresReplayBook(world.url(Role.READER))
    assert PostgresQuarantine(world.url(Role.READER)).counts() == desk.counts()
    assert reader.origins([entry.place]) == {entry.place: entry.place}
    with pytest.raises(ConfigurationError, match="DATABASE_URL must name the operator's role"):
        reader.begin(request)
    with pytest.raises(ConfigurationError, match="may neither send records again nor see their bytes"):
        reader.disclose(entry.place, author="bo", reason="curious")
