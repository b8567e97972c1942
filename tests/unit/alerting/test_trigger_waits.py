"""What the function depends on is away: its alerts wait, none is parked, and deaths are counted all the same."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.alerting.trigger_world import (
    DEAD,
    GOOD,
    PARKING_TIME,
    WAITING,
    ScriptedFunction,
    World,
    error,
    failing,
    naming,
)

from fraudstream.alerting.trigger import TriggerPolicy
from fraudstream.clock import ManualClock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.ports.delivery import FunctionAnswer
from fraudstream.service import LONGEST_PAUSE, PATIENCE, serve

IN_PROGRESS = error("IdempotencyAlreadyInProgressError", "Execution already in progress")


def run(world: World, until: int, heartbeat: Heartbeat | None = None) -> None:
    """Serve until so many records are committed."""
    serve(
        lambda: world.trigger.run_once(0.1),
        stopping=lambda: world.committed >= until,
        clock=world.clock,
        heartbeat=heartbeat,
    )


def test_alerts_wait_past_the_time_after_which_failures_are_parked() -> None:
    began = ManualClock().now()
    world = World()
    world.function.behaviour = lambda *_: WAITING if world.clock.now() < began + 1.5 * PARKING_TIME else GOOD
    world.send(100)

    run(world, until=100)

    assert world.parked == []
    assert world.clock.now() > began + 1.5 * PARKING_TIME
    assert {tuple(offsets) for offsets in world.function.given} == {tuple(range(100))}


def test_the_parking_time_is_the_one_of_a_function_that_only_fails() -> None:
    world = World(lambda *_: DEAD)
    world.send(1)
    began = world.clock.now()

    run(world, until=1)

    assert [parked.reason for parked in world.parked] == ["function_failed"]
    assert PARKING_TIME - 5 < world.clock.now() - began < PARKING_TIME


def test_pauses_grow_and_are_bounded() -> None:
    world = World(failing(12, WAITING))
    world.send(1)

    run(world, until=1)

    assert world.clock.slept == sorted(world.clock.slept)
    assert world.clock.slept[:3] == [0.1, 0.2, 0.4]
    assert world.clock.slept[-1] == LONGEST_PAUSE


def test_an_outage_that_outlasts_the_service_is_waited_for_by_the_next_one() -> None:
    world = World(failing(3 * (PATIENCE + 1), WAITING))
    world.send(2)
    for _ in range(3):
        with pytest.raises(TemporarilyUnavailable, match=r"^the function waits: .*SNS did not answer$"):
            run(world, until=2)
        assert (world.committed, world.parked) == (0, [])
        world.restarted()

    run(world, until=2)

    assert world.parked == []
    assert {tuple(offsets) for offsets in world.function.given} == {(0, 1)}


def test_a_service_that_only_waits_has_no_heartbeat(tmp_path: Path) -> None:
    world = World(lambda *_: WAITING)
    world.send(1)

    with pytest.raises(TemporarilyUnavailable, match="the function waits"):
        run(world, until=1, heartbeat=Heartbeat(tmp_path / "healthy", world.clock))
    assert not (tmp_path / "healthy").exists()

    world.function.behaviour = lambda *_: GOOD
    run(world, until=1, heartbeat=Heartbeat(tmp_path / "healthy", world.clock))
    assert (tmp_path / "healthy").exists()


def test_an_outage_between_refusals_costs_a_record_none_of_its_tries() -> None:
    """Named twice, then an outage, then named once: three tries would have been too many."""

    def behave(function: ScriptedFunction, event: dict[str, Any]) -> FunctionAnswer:
        match len(function.given):
            case 1 | 2 | 4:
                return naming(0)(function, event)
            case 3:
                return WAITING
            case _:
                return GOOD

    world = World(behave)
    world.send(1)

    run(world, until=1)

    assert world.parked == []


def test_an_outage_behind_half_a_batch_brings_all_of_it_again() -> None:
    script = iter([DEAD, DEAD, GOOD, WAITING])
    world = World(lambda *_: next(script, GOOD), policy=TriggerPolicy(bisect_after=2))
    world.send(4)

    run(world, until=4)

    assert world.function.given == [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1], [2, 3], [0, 1, 2, 3]]
    assert world.parked == []


def test_a_record_that_kills_the_function_is_parked_although_it_then_counts_as_in_progress() -> None:
    """Each death leaves its alert in progress for a while; waiting for that as for an outage would never end."""

    def behave(function: ScriptedFunction, _: dict[str, Any]) -> FunctionAnswer:
        if 1 not in function.given[-1]:
            return GOOD
        return DEAD if len(function.given) % 3 == 0 else IN_PROGRESS

    world = World(behave)
    world.send(3)

    run(world, until=3)

    assert [(parked.offset, parked.reason) for parked in world.parked] == [(1, "function_failed")]
