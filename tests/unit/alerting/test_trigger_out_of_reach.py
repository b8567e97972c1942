"""Nobody answers for the function: the trigger keeps what it has, and says so."""

from typing import Any

import pytest
from tests.unit.alerting.trigger_world import GOOD, ScriptedFunction, World, dying

from fraudstream.alerting.trigger import TriggerPolicy
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.ports.delivery import FunctionAnswer


def test_a_function_out_of_reach_is_no_reason_to_park_skip_or_commit() -> None:
    unreached = 30

    def behave(function: ScriptedFunction, _: dict[str, Any]) -> FunctionAnswer:
        if len(function.given) <= unreached:
            raise TemporarilyUnavailable("nobody answers")
        return GOOD

    world = World(behave)
    world.send(2)
    for _ in range(unreached):
        with pytest.raises(TemporarilyUnavailable, match="nobody answers"):
            world.trigger.run_once(0.1)
    before = world.committed, world.parked

    assert world.trigger.run_once(0.1) == 2
    assert before == (0, [])
    assert world.function.given == [[0, 1]] * (unreached + 1)
    assert (world.committed, world.parked) == (2, [])


def test_a_function_that_gets_out_of_reach_halfway_is_given_all_that_is_not_committed() -> None:
    """The first batch is done with; of the second one half was confirmed when the endpoint went away."""

    def behave(function: ScriptedFunction, event: dict[str, Any]) -> FunctionAnswer:
        if len(function.given) == 5:
            raise TemporarilyUnavailable("nobody answers")
        return dying(7)(function, event) if len(function.given) < 5 else GOOD

    world = World(behave, policy=TriggerPolicy(batch_size=4, payload_limit=10_000))
    world.send(4)
    world.trigger.run_once(0.1)
    world.send(4)
    with pytest.raises(TemporarilyUnavailable, match="nobody answers"):
        world.trigger.run_once(0.1)
    before = world.committed

    assert world.trigger.run_once(0.1) == 4
    assert world.function.given == [[0, 1, 2, 3], [4, 5, 6, 7], [4, 5, 6, 7], [4, 5], [6, 7], [4, 5, 6, 7]]
    assert (before, world.committed, world.parked) == (4, 8, [])


def test_a_function_that_does_not_exist_ends_the_trigger_and_moves_no_position() -> None:
    def behave(*_: object) -> FunctionAnswer:
        raise ConfigurationError("there is no such function")

    world = World(behave)
    world.send(1)

    with pytest.raises(ConfigurationError, match="no such function"):
        world.trigger.run_once(0.1)
    assert (world.committed, world.parked) == (0, [])
