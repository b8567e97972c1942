"""One contract for `QuarantineDesk`, in memory and on PostgreSQL."""

import contextlib
from collections.abc import Iterator

import pytest
from tests.integration.verify.postgres_stack import PostgresStack
from tests.ports.case_worlds import MemoryCaseWorld, PostgresCaseWorld
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.quarantine_desk import PostgresQuarantine
from fraudstream.adapters.memory_quarantine import MemoryQuarantine
from fraudstream.contracts.quarantine import RAW_LIMIT
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.quarantine import Fate, QuarantineDesk

pytestmark = pytest.mark.ports

World = MemoryCaseWorld | PostgresCaseWorld
CARD = b"4929123456789012"


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        yield MemoryCaseWorld()
        return
    with contextlib.ExitStack() as resources:
        yield PostgresCaseWorld(PostgresStack(request.getfixturevalue("database_url"), resources))


def desk_of(world: World) -> QuarantineDesk:
    if isinstance(world, PostgresCaseWorld):
        return PostgresQuarantine(world.stack.url)
    return MemoryQuarantine(world.stack.slices, world.stack.labels, world.label_topic_id)


def place(world: World, offset: int, partition: int = 0) -> RecordPlace:
    return RecordPlace(TRANSACTIONS, world.stack.topic_id, partition, offset)


def test_reasons_are_counted_with_the_time_from_the_first_to_the_last(world: World) -> None:
    first = world.send(b"not a payment")
    world.send(None)
    world.score()
    last = world.send(b"neither")
    world.score()
    world.garble()

    counts = desk_of(world).counts()
    assert [(c.topic, c.reason, c.records) for c in counts] == [
        (TRANSACTIONS, "not_json", 2),
        (TRANSACTIONS, "empty", 1),
        (LABELS, "not_json", 1),
    ]
    assert (counts[0].first.timestamp(), counts[0].last.timestamp()) == (first.log_time, last.log_time)
    assert [c.records for c in desk_of(world).counts("empty")] == [1]
    assert desk_of(world).counts("invalid_utf8") == []


def test_the_newest_come_first_and_only_so_many(world: World) -> None:
    for value in (b"first", b"second", None, b"third"):
        world.send(value)
    world.score()

    assert [entry.raw for entry in desk_of(world).newest(2)] == [b"third", b""]
    assert [entry.raw for entry in desk_of(world).newest(9, "not_json")] == [b"third", b"second", b"first"]


def test_a_record_is_found_by_its_place_masked_and_bounded(world: World) -> None:
    record = world.send(b"card" + CARD + b"x" * RAW_LIMIT)
    world.score()

    found = desk_of(world).find(TRANSACTIONS, 0, 0)
    assert found is not None
    assert (found.place, found.reason) == (place(world, 0), "not_json")
    assert found.raw == b"card" + b"*" * 12 + b"9012" + b"x" * (RAW_LIMIT - 20)
    assert (found.raw_size, found.log_time.timestamp()) == (RAW_LIMIT + 20, record.log_time)
    assert desk_of(world).find(TRANSACTIONS, 0, 1) is None
    assert desk_of(world).find(LABELS, 0, 0) is None


def test_a_refused_label_is_found_too(world: World) -> None:
    world.garble()

    found = desk_of(world).find(LABELS, 0, 0)
    assert found is not None
    assert (found.place.topic_id, found.raw) == (world.label_topic_id, b"not a label")


def test_a_record_ends_in_one_of_four_places_or_is_on_its_way(world: World) -> None:
    world.send(a_payment(1))
    world.send(b"not a payment")
    world.send(a_payment(1))
    world.score()
    world.send(a_payment(2))
    world.say(1, is_fraud=True)
    label = RecordPlace(LABELS, world.label_topic_id, 0, 0)

    assert desk_of(world).fates([*(place(world, offset) for offset in range(4)), place(world, 0, 1), label]) == {
        place(world, 0): Fate.SCORED,
        place(world, 1): Fate.QUARANTINED,
        place(world, 2): Fate.DROPPED,
        place(world, 3): Fate.IN_FLIGHT,
        place(world, 0, 1): Fate.IN_FLIGHT,
        label: Fate.STORED,
    }
    assert desk_of(world).fates([]) == {}


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (b"not json", b"not json"),
        (None, b""),
        (b"x" * RAW_LIMIT, b"x" * RAW_LIMIT),
        (b"x" * (RAW_LIMIT + 1), None),
        (b"{" + CARD, None),
        (b"{" + b"*" * 12 + b"9012", None),
    ],
)
def test_bytes_are_called_exact_only_where_nothing_can_have_been_masked_or_cut(
    world: World, value: bytes | None, exact: bytes | None
) -> None:
    world.send(value)
    world.score()
    (entry,) = desk_of(world).newest(1)

    assert entry.exact == exact


def test_a_server_that_does_not_answer_is_unavailable_for_a_time() -> None:
    desk = PostgresQuarantine("postgresql+psycopg2://nobody:x@127.0.0.1:1/none")

    with pytest.raises(TemporarilyUnavailable, match="did not accept the connection"):
        desk.counts()
