"""Any stream, cut into any windows and interrupted anywhere, is rebuilt to the state that scoring left behind."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.verify.memory_stack import MemoryStack, a_busy_stack, a_payment

from fraudstream.adapters.memory_rebuild import MemoryRebuildStep, MemoryRebuildStore, Tables
from fraudstream.errors import ConfigurationError
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.state import CUSTOMER_STATE_WIDTH
from fraudstream.models.initial_state import InitialState, WaitingPayments
from fraudstream.ports.rebuild import Stage
from fraudstream.training.rebuild import Rebuild

NEXT = CATALOGUE_VERSION + 1
NOTHING = np.empty(0, np.int64)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(0, 1), st.integers(1, 4)),
        st.tuples(st.just("score"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("label"), st.integers(1, 12), st.integers(0, 1)),
    ),
    max_size=40,
)


class Killed(BaseException):
    """Nothing in the program catches it."""


@dataclass
class FragileStore(MemoryRebuildStore):
    """Dies inside a step, before its commit, once."""

    dies_in: int = 0

    @contextlib.contextmanager
    def step(self, catalogue_version: int) -> Iterator[MemoryRebuildStep]:
        with super().step(catalogue_version) as step:
            yield step
            self.dies_in -= 1
            if self.dies_in == 0:
                raise Killed


def an_initial_state(stack: MemoryStack) -> InitialState:
    facts = stack.labels.facts
    users, merchants = sorted(stack.initial_states), sorted(facts.initial_merchant_risk)
    return InitialState(
        user_ids=np.array(users, np.int64),
        customer_state=np.array([stack.initial_states[user] for user in users]).reshape(-1, CUSTOMER_STATE_WIDTH),
        customer_risk=np.array([facts.initial_customer_risk[user] for user in users]).reshape(-1, 8),
        merchant_ids=np.array(merchants, np.int64),
        merchant_risk=np.array([facts.initial_merchant_risk[key] for key in merchants]).reshape(-1, 16),
        waiting=WaitingPayments(np.empty((0, 16), np.uint8), NOTHING, NOTHING, np.empty(0), np.empty(0), np.empty(0)),
    )


def a_store(stack: MemoryStack, *, dies_in: int = 0) -> FragileStore:
    return FragileStore(stack.slices, stack.ledger(), stack.topic_id, dies_in=dies_in)


def as_bytes(tables: Tables, version: int) -> list[dict[int, bytes]]:
    return [{key: row.tobytes() for (of, key), row in table.items() if of == version} for table in tables]


def live(stack: MemoryStack) -> list[dict[int, bytes]]:
    tables = (stack.slices.states, stack.slices.customer_risk, stack.slices.merchant_risk)
    return as_bytes(tables, CATALOGUE_VERSION)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, window=st.integers(1, 12), labels=st.integers(1, 4), dies_in=st.integers(1, 12))
def test_any_stream_is_rebuilt_byte_for_byte(
    steps: list[tuple[str, int, int]], window: int, labels: int, dies_in: int
) -> None:
    stack = MemoryStack()
    stack.begin_with(users=[1, 2], merchants=[7])
    sent = 0
    stack.send(a_payment(100), partition=0)
    stack.send(a_payment(101), partition=1)
    stack.score(0)
    stack.score(1)
    for kind, place, what in steps:
        if kind == "send":
            sent += 1
            payment = a_payment(sent, user_id=what, amount=5.0 * what + sent, merchant_id=7 + sent % 2)
            stack.send(payment, partition=place)
        elif kind == "score":
            stack.score(place)
        else:
            stack.label(place, is_fraud=bool(what))
    store = a_store(stack, dies_in=dies_in)
    rebuild = Rebuild(store, NEXT, window_records=window, window_labels=labels)

    with contextlib.suppress(Killed):
        rebuild.run(an_initial_state(stack))
    store.dies_in = 0
    reached = rebuild.run(an_initial_state(stack))

    assert as_bytes(store.tables, NEXT) == live(stack)
    assert (reached.stage, reached.label_seq) == (Stage.COMPLETE, stack.labels.facts.label_seq)


def test_what_came_meanwhile_is_replayed_too() -> None:
    stack = a_busy_stack()
    store = a_store(stack)
    told: list[tuple[int, int]] = []

    def meanwhile(done: int, total: int) -> None:
        if not told:
            stack.send(a_payment(500, user_id=2))
            stack.score(0)
            stack.label(500, is_fraud=True)
            store.ledger = stack.ledger()
        told.append((done, total))

    reached = Rebuild(store, NEXT, meanwhile).run(an_initial_state(stack))

    assert as_bytes(store.tables, NEXT) == live(stack)
    assert told[-1] == (reached.rows, reached.rows)
    assert reached.rows == told[0][1] + 1


def test_a_state_that_was_at_work_is_built_from_the_beginning() -> None:
    stack = a_busy_stack()
    store = a_store(stack)
    rebuild = Rebuild(store, NEXT)
    rebuild.run(an_initial_state(stack))
    with store.step(NEXT) as step:
        found = store.checkpoint(NEXT)
        assert found
        step.put_states(np.array([1, 99]), np.ones((2, CUSTOMER_STATE_WIDTH)))
        step.reach(type(found)(NEXT, Stage.AT_WORK, found.kernel, 0, 0, 99, 99, found.slices, found.rows, {}))

    rebuild.run(an_initial_state(stack))

    states, *risks = as_bytes(store.tables, NEXT)
    assert states.pop(99) == bytes(8 * CUSTOMER_STATE_WIDTH)
    assert [states, *risks] == live(stack)


def test_code_that_has_changed_begins_anew() -> None:
    stack = a_busy_stack()
    store = a_store(stack, dies_in=3)
    with pytest.raises(Killed):
        Rebuild(store, NEXT, window_records=5, kernel=1).run(an_initial_state(stack))
    store.tables[0][NEXT, 1] = np.ones(CUSTOMER_STATE_WIDTH)

    Rebuild(store, NEXT, window_records=5, kernel=2).run(an_initial_state(stack))

    assert as_bytes(store.tables, NEXT) == live(stack)


def test_refusals() -> None:
    stack = a_busy_stack()
    state = an_initial_state(stack)
    store = a_store(stack)

    with pytest.raises(ConfigurationError, match="is at work and moves with every slice"):
        Rebuild(store, CATALOGUE_VERSION).run(state)
    store.scorer_at_work = True
    with pytest.raises(ConfigurationError, match="stop it first"):
        Rebuild(store, NEXT).run(state)
    store.scorer_at_work, stack.slices.active = False, None
    with pytest.raises(ConfigurationError, match="no model is at work"):
        Rebuild(store, NEXT).run(state)


def test_a_payment_that_is_not_stored_any_more_is_missed() -> None:
    stack = a_busy_stack()
    store = a_store(stack)
    store.ledger.slice_rows[3].rows += 1

    with pytest.raises(ConfigurationError, match=r"slice 4 scored \d+ payments and \d+ are stored"):
        Rebuild(store, NEXT).run(an_initial_state(stack))
