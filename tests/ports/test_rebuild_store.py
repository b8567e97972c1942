"""One contract for `RebuildStore`, in memory and on PostgreSQL."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from tests.integration.verify.postgres_stack import PostgresStack, an_initial_state
from tests.unit.verify.memory_stack import MemoryStack, a_payment

from fraudstream.adapters.database.rebuild_store import PostgresRebuildStore
from fraudstream.adapters.memory_rebuild import MemoryRebuildStore
from fraudstream.clock import SystemClock
from fraudstream.errors import ConfigurationError
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.label_history import RiskRows
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.ports.rebuild import Checkpoint, RebuildStore, Stage

pytestmark = pytest.mark.ports

NEXT = CATALOGUE_VERSION + 1
USERS, MERCHANTS = np.array([1, 2, 3, 9]), np.array([7, 9])


@dataclass
class World:
    """A stream of four payments in three slices, and the store that rebuilds from it."""

    store: RebuildStore
    topic_id: str


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with contextlib.ExitStack() as resources:
        if request.param == "memory":
            memory = MemoryStack()
            send(memory)
            yield World(MemoryRebuildStore(memory.slices, memory.ledger(), memory.topic_id), memory.topic_id)
        else:
            stack = PostgresStack(request.getfixturevalue("database_url"), resources)
            send(stack)
            yield World(PostgresRebuildStore(stack.url, SystemClock()), stack.topic_id)


def send(stack: MemoryStack | PostgresStack) -> None:
    stack.send(a_payment(1, user_id=1, merchant_id=7), partition=0)
    stack.send(a_payment(2, user_id=2, merchant_id=None), partition=1)
    stack.score(0)
    stack.score(1)
    stack.send(b"not a payment", partition=0)
    stack.send(a_payment(3, user_id=1, amount=31.5, merchant_id=8), partition=0)
    stack.send(a_payment(4, user_id=3), partition=0)
    stack.score(0)


def put_ones(store: RebuildStore, checkpoint: Checkpoint) -> None:
    with store.step(NEXT) as step:
        step.put_states(USERS, np.ones((4, CUSTOMER_STATE_WIDTH)))
        step.put_risks(
            RiskRows(USERS, np.ones((5, CUSTOMER_RISK_WIDTH))), RiskRows(MERCHANTS, np.ones((3, MERCHANT_RISK_WIDTH)))
        )
        step.reach(replace(checkpoint, rows=5))


def sums(store: RebuildStore) -> list[list[float]]:
    """Of each customer's state and risk, and of each merchant's risk."""
    with store.step(NEXT) as step:
        customers, merchants = step.risks(USERS, MERCHANTS)
        found = (step.states(USERS), customers.rows[:-1], merchants.rows[:-1])
    return [rows.sum(axis=1).tolist() for rows in found]


def initial_sums() -> list[list[float]]:
    state = an_initial_state()
    rows = (state.customer_state, state.customer_risk, state.merchant_risk[:1])
    return [[*of.sum(axis=1).tolist(), 0.0] for of in rows]


def test_the_past_is_everything_that_was_scored(world: World) -> None:
    past = world.store.past()

    slices = past.slices
    found = [past.places[place] for place in slices.partition.tolist()]
    bounds = zip(found, slices.first_offset.tolist(), slices.last_offset.tolist(), slices.rows.tolist(), strict=True)
    assert sorted(bounds) == [
        ((world.topic_id, 0), 0, 0, 1),
        ((world.topic_id, 0), 1, 3, 2),
        ((world.topic_id, 1), 0, 0, 1),
    ]
    assert past.positions == {world.topic_id: {0: 4, 1: 1}}
    assert past.label_seq == 0


def test_payments_are_read_back_as_they_were_scored(world: World) -> None:
    with world.store.step(NEXT) as step:
        found = step.payments(world.topic_id, 0, 1, 4)
        other = step.payments(world.topic_id, 1, 0, 9)

    assert found.offset.tolist() == [2, 3]
    assert len(set(found.slice_id.tolist())) == 1
    assert found.events.user_id.tolist() == [1, 3]
    assert found.events.amount.tolist() == [31.5, 20.0]
    assert found.events.merchant_id.tolist() == [8, 7]
    assert found.events.event_time.tolist() == [a_payment(n).timestamp.timestamp() for n in (3, 4)]
    assert other.events.merchant_id.tolist() == [-1]
    assert other.events.channel.dtype == np.int16


def test_a_rebuild_begins_where_the_log_begins(world: World) -> None:
    assert world.store.checkpoint(NEXT) is None
    begun = world.store.begin(NEXT, 5, an_initial_state())

    assert begun == Checkpoint(NEXT, Stage.RUNNING, 5, 0, 0, 0, 0, 0, 0, {})
    assert world.store.checkpoint(NEXT) == begun
    for found, expected in zip(sums(world.store), initial_sums(), strict=True):
        assert found == pytest.approx(expected)


def test_a_step_leaves_its_rows_and_its_checkpoint(world: World) -> None:
    begun = world.store.begin(NEXT, 5, an_initial_state())
    put_ones(world.store, begun)

    assert world.store.checkpoint(NEXT) == replace(begun, rows=5)
    assert sums(world.store) == [[56.0] * 4, [8.0] * 4, [16.0] * 2]


def test_a_checkpoint_says_where_the_logs_stood(world: World) -> None:
    begun = world.store.begin(NEXT, 2**62, an_initial_state())
    complete = replace(begun, stage=Stage.COMPLETE, label_seq=3, slice_label_seq=2, slice_id=4, slices=3)
    complete = replace(complete, positions={world.topic_id: {0: 4, 1: 1}})
    with world.store.step(NEXT) as step:
        step.reach(complete)

    assert world.store.checkpoint(NEXT) == complete


def test_a_step_that_fails_leaves_nothing(world: World) -> None:
    begun = world.store.begin(NEXT, 5, an_initial_state())
    before = sums(world.store)
    with contextlib.suppress(KeyError), world.store.step(NEXT) as step:
        step.put_states(USERS, np.ones((4, CUSTOMER_STATE_WIDTH)))
        step.reach(replace(begun, rows=5))
        raise KeyError

    assert sums(world.store) == before
    assert world.store.checkpoint(NEXT) == begun


def test_beginning_again_forgets_everything(world: World) -> None:
    begun = world.store.begin(NEXT, 5, an_initial_state())
    before = sums(world.store)
    put_ones(world.store, begun)

    assert world.store.begin(NEXT, 6, an_initial_state()) == replace(begun, kernel=6)
    assert sums(world.store) == before


def test_a_version_begins_with_one_initial_state(world: World) -> None:
    world.store.begin(NEXT, 5, an_initial_state())

    with pytest.raises(ConfigurationError, match="began with another initial state"):
        world.store.begin(NEXT, 5, an_initial_state(seed=9))


def test_the_version_at_work_is_known(world: World) -> None:
    assert world.store.at_work() == CATALOGUE_VERSION
    with world.store.alone():
        assert world.store.at_work() == CATALOGUE_VERSION
