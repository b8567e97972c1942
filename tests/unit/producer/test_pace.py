"""An open loop catches up, and nothing happens before its time."""

import pytest

from fraudstream.clock import ManualClock
from fraudstream.producer.pace import Pace

NOW = 1_750_000_000.0


def test_a_rate_is_an_open_loop_that_catches_up() -> None:
    clock = ManualClock()
    pace = Pace(clock, rate=100.0)
    clock.sleep(2.0)

    assert pace.allowance(sent=0, most=1_000) == 201
    assert pace.allowance(sent=150, most=1_000) == 51
    assert pace.allowance(sent=0, most=20) == 20
    assert pace.allowance(sent=201, most=1_000) == 0


def test_a_rate_can_grow_evenly_to_its_full_height() -> None:
    clock = ManualClock()
    pace = Pace(clock, rate=100.0, ramp=4.0)
    due = []
    for _ in range(6):
        clock.sleep(1.0)
        due.append(pace.allowance(sent=0, most=1_000) - 1)

    assert due == [12, 50, 112, 200, 300, 400]


def test_the_first_payment_does_not_wait() -> None:
    assert Pace(ManualClock(), rate=0.01).allowance(sent=0, most=10) == 1


def test_without_a_rate_everything_may_go() -> None:
    assert Pace(ManualClock(), rate=None).allowance(sent=10**9, most=2_000) == 2_000


def test_a_limit_that_is_used_up_allows_nothing() -> None:
    assert Pace(ManualClock(), rate=None).allowance(sent=5, most=0) == 0


@pytest.mark.parametrize(("speed", "simulated"), [(60.0, NOW - 10_000), (0.5, NOW - 100.0)])
def test_simulated_time_runs_at_its_speed(speed: float, simulated: float) -> None:
    clock = ManualClock(NOW)
    pace = Pace(clock, rate=None, speed=speed, simulated=simulated)
    clock.sleep(10.0)

    assert pace.horizon() == pytest.approx(simulated + 10.0 * speed)


def test_simulated_time_never_passes_the_present() -> None:
    clock = ManualClock(NOW)
    fast = Pace(clock, rate=None, speed=1_000.0, simulated=NOW - 50.0)
    clock.sleep(1.0)

    assert fast.horizon() == NOW + 1.0
    assert Pace(clock, rate=10.0).horizon() == NOW + 1.0
