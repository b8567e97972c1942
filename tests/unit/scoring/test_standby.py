"""Standing by: when the right to score is asked for, and what a database that is away changes."""

import threading
from collections.abc import Callable
from pathlib import Path

from fraudstream.clock import ManualClock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.scoring.standby import GRACE_SECONDS, stand_by


class Asked(threading.Event):
    """Nobody stops it; waiting moves the clock."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.sleep(timeout or 0.0)
        return self.is_set()


class TheRight:
    """Answers in turn, and notes when it was asked."""

    def __init__(self, clock: ManualClock, *answers: Callable[[], bool]) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.age = 3_600.0
        self.asked: list[float] = []

    def try_acquire(self) -> bool:
        self.asked.append(self.clock.monotonic())
        return self.answers.pop(0)()

    def server_age(self) -> float:
        return self.age


def taken() -> bool:
    return False


def free() -> bool:
    return True


def away() -> bool:
    raise TemporarilyUnavailable("the database is away")


def test_it_waits_until_the_right_is_free(tmp_path: Path) -> None:
    clock = ManualClock()
    right = TheRight(clock, taken, taken, free)
    health = tmp_path / "health"

    assert stand_by(right, Asked(clock), clock, Heartbeat(health, clock))
    assert right.answers == []
    assert health.exists()


def test_after_an_outage_the_scorer_at_work_has_the_first_chance(tmp_path: Path) -> None:
    clock = ManualClock()
    right = TheRight(clock, away, free)
    health = tmp_path / "health"

    assert stand_by(right, Asked(clock), clock, Heartbeat(health, clock))
    assert right.asked[1] - right.asked[0] >= GRACE_SECONDS


def test_so_it_has_where_the_database_was_started_a_moment_ago(tmp_path: Path) -> None:
    clock = ManualClock()
    right = TheRight(clock, free)
    right.age = 2.0
    begun = clock.monotonic()

    assert stand_by(right, Asked(clock), clock, Heartbeat(tmp_path / "health", clock))
    assert GRACE_SECONDS - 2.0 <= right.asked[0] - begun < GRACE_SECONDS


def test_a_stop_ends_it_without_the_right() -> None:
    clock = ManualClock()
    stopped = Asked(clock)

    def stopping() -> bool:
        stopped.set()
        return False

    assert not stand_by(TheRight(clock, stopping), stopped, clock, Heartbeat())
