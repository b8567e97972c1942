"""Boundaries are found around every call, and what is armed happens at one of them, once."""

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from fraudstream.chaos.failpoints import KILLED, Action, Failpoint, Failpoints, failing, places
from fraudstream.clock import ManualClock
from fraudstream.errors import TemporarilyUnavailable


@dataclass
class Store:
    """Commits what was put at the end of a block."""

    position = 7
    committed: list[int] = field(default_factory=list)

    @contextlib.contextmanager
    def open(self) -> Iterator["Transaction"]:
        transaction = Transaction()
        yield transaction
        self.committed += transaction.values

    def count(self, *, plus: int = 0) -> int:
        return len(self.committed) + plus


@dataclass
class Transaction:
    values: list[int] = field(default_factory=list)

    def put(self, value: int) -> None:
        self.values.append(value)


def work(store: Store) -> None:
    """Two commits of one value each."""
    for value in (1, 2):
        with store.open() as opened:
            opened.put(value)


def armed(boundary: str, action: Action, hit: int = 1) -> Failpoints:
    return Failpoints([Failpoint(boundary, hit, action, seconds=3.0)], ManualClock())


def test_a_dry_run_finds_every_boundary_and_how_often_it_is_hit() -> None:
    points, store = Failpoints(), Store()

    work(failing(store, points, "store"))

    assert store.committed == [1, 2]
    assert dict(points.hits) == dict.fromkeys(
        [
            "before store.open",
            "after store.open",
            "before store.open.put",
            "after store.open.put",
            "before leaving store.open",
            "after leaving store.open",
        ],
        2,
    )


def test_arguments_results_and_attributes_are_the_targets_own() -> None:
    wrapped = failing(Store(), Failpoints(), "store")

    assert wrapped.count(plus=2) == 2
    assert wrapped.position == 7


@pytest.mark.parametrize(
    ("boundary", "committed"),
    [
        ("before store.open", [1]),
        ("after store.open", [1]),
        ("before store.open.put", [1]),
        ("after store.open.put", [1]),
        ("before leaving store.open", [1]),
        ("after leaving store.open", [1, 2]),
    ],
)
def test_an_error_before_the_commit_undoes_the_work_and_one_after_it_does_not(
    boundary: str, committed: list[int]
) -> None:
    points, store = armed(boundary, Action.RAISE, hit=2), Store()

    with pytest.raises(TemporarilyUnavailable, match=f"failpoint: {boundary}, hit 2"):
        work(failing(store, points, "store"))

    assert store.committed == committed
    assert [point.boundary for point in points.fired] == [boundary]


def test_an_error_of_the_block_is_undone_at_a_boundary_of_its_own() -> None:
    points = Failpoints()

    with pytest.raises(ZeroDivisionError), failing(Store(), points, "store").open():
        raise ZeroDivisionError

    assert list(points.hits) == ["before store.open", "after store.open", "before undoing store.open"]


def test_a_sleep_waits_on_the_clock_and_goes_on() -> None:
    points, store = armed("after store.open", Action.SLEEP), Store()

    work(failing(store, points, "store"))

    assert store.committed == [1, 2]
    assert isinstance(points.clock, ManualClock)
    assert points.clock.slept == [3.0]


@pytest.mark.parametrize(("action", "expected"), [(Action.EXIT, KILLED), (Action.STOP, signal.SIGSTOP)])
def test_the_process_ends_or_is_stopped_at_the_boundary(action: Action, expected: int) -> None:
    points = armed("before leaving store.open", action)
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            work(failing(Store(), points, "store"))
        os._exit(0)

    _, status = os.waitpid(child, os.WUNTRACED)

    if os.WIFSTOPPED(status):
        assert os.WSTOPSIG(status) == expected
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    else:
        assert os.WEXITSTATUS(status) == expected


def test_first_middle_and_last_hits_are_tried_each_once() -> None:
    assert places({"a": 1, "b": 2, "c": 9}) == [("a", 1), ("b", 1), ("b", 2), ("c", 1), ("c", 5), ("c", 9)]
