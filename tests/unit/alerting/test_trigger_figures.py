"""What the trigger tells Prometheus: deliveries, failures, what is parked, and that AWS is waited for."""

import pytest
from tests.unit.alerting.trigger_world import DEAD, GOOD, WAITING, World, failing, naming

from fraudstream.errors import TemporarilyUnavailable
from fraudstream.metrics.catalogue import (
    DELIVERED,
    FUNCTION_FAILURES,
    FUNCTION_WAITS,
    IN_HAND,
    PARKED,
    REFUSED_RECORDS,
)


def test_what_is_delivered_and_what_is_parked_is_counted() -> None:
    world = World(naming(1))
    world.send(3)
    while world.committed < 3:
        world.trigger.run_once(0.1)

    assert world.board.value(DELIVERED) == 3
    assert world.board.value(PARKED, "record_failed") == 1
    assert world.board.value(REFUSED_RECORDS) == 1 + world.policy.record_retries
    assert world.board.value(IN_HAND) == 0


def test_a_function_that_fails_as_a_whole_is_counted() -> None:
    world = World(failing(2, DEAD))
    world.send(1)
    world.trigger.run_once(0.1)

    assert world.board.value(FUNCTION_FAILURES) == 2
    assert world.board.value(PARKED, "function_failed") == 0


def test_while_aws_does_not_answer_the_waiting_shows_and_the_records_stay_in_hand() -> None:
    world = World(failing(2, WAITING))
    world.send(5)
    for _ in range(2):
        with pytest.raises(TemporarilyUnavailable, match="the function waits"):
            world.trigger.run_once(0.1)
    waiting = world.board.value(IN_HAND)
    world.trigger.run_once(0.1)

    assert world.board.value(FUNCTION_WAITS) == 2
    assert waiting == 5
    assert world.board.value(IN_HAND) == 0
    assert world.function.behaviour(world.function, {}) == GOOD
