"""An order arms processes that run already, and each of its failpoints fires once, whoever gets there first."""

from pathlib import Path

import pytest

from fraudstream.adapters.memory_slices import MemorySliceStore
from fraudstream.chaos.armed import ArmedStore, Order, OrderBook
from fraudstream.chaos.failpoints import Action, Failpoint
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.slices import LogPart

PART = LogPart("payments", "a-log", 0, 1)
OPENING = Failpoint("before slices.open", 2, Action.RAISE)
LEAVING = Failpoint("after leaving slices.open", 1, Action.RAISE)


@pytest.fixture
def book(tmp_path: Path) -> OrderBook:
    return OrderBook(tmp_path)


def a_process(book: OrderBook) -> ArmedStore:
    return ArmedStore(MemorySliceStore(), book)


def take(store: ArmedStore, slices: int = 1) -> int:
    """Open slices; returns how many of them ended with an error."""
    failed = 0
    for _ in range(slices):
        try:
            with store.open(PART):
                pass
        except TemporarilyUnavailable:
            failed += 1
    return failed


def test_without_an_order_nothing_happens_and_hits_are_counted(book: OrderBook) -> None:
    assert take(a_process(book), 3) == 0
    assert book.hits(0)["before leaving slices.open"] == 3


def test_a_process_at_work_is_armed_and_counts_from_there(book: OrderBook) -> None:
    process, order = a_process(book), Order(1, (OPENING,))
    take(process, 5)
    book.give(order)

    assert (take(process), book.fired(order)) == (0, 0)
    assert (take(process), book.fired(order)) == (1, 1)


def test_only_the_first_of_several_processes_fires(book: OrderBook) -> None:
    book.give(Order(1, (OPENING,)))

    assert [take(a_process(book), 4) for _ in range(3)] == [1, 0, 0]


def test_what_comes_second_fires_after_the_first_alone(book: OrderBook) -> None:
    order = Order(1, (OPENING, LEAVING))
    book.give(order)

    assert (take(a_process(book), 2), book.fired(order)) == (1, 1)
    assert (take(a_process(book), 2), book.fired(order)) == (1, 2)


def test_a_new_order_takes_the_old_one_off(book: OrderBook) -> None:
    book.give(Order(1, (OPENING,)))
    book.give(Order(2))

    assert take(a_process(book), 4) == 0
    assert book.standing() == Order(2)
