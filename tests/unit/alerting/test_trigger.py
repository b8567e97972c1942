"""The trigger: everything is delivered in order or parked, and positions move only afterwards."""

import json
from dataclasses import replace
from typing import Any
from zlib import crc32

import pytest
from tests.unit.alerting.trigger_world import GOOD, GROUP, ScriptedFunction, World, dying, failing, naming

from fraudstream.adapters.memory import MemoryConsumer
from fraudstream.alerting.trigger import TriggerPolicy
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.delivery import FunctionAnswer
from fraudstream.ports.records import MembershipLost


def test_a_batch_is_delivered_in_order_and_then_committed() -> None:
    world = World()
    world.send(5)

    assert world.trigger.run_once(0.1) == 5
    assert world.function.given == [[0, 1, 2, 3, 4]]
    assert world.committed == 5


def test_an_idle_topic_invokes_nothing() -> None:
    world = World()

    assert world.trigger.run_once(0.1) == 0
    assert world.function.given == []


def test_no_batch_is_larger_than_the_batch_size() -> None:
    world = World(policy=TriggerPolicy(batch_size=2))
    world.send(5)

    while world.trigger.run_once(0.1):
        pass

    assert world.function.given == [[0, 1], [2, 3], [4]]


def test_no_event_exceeds_the_payload_limit() -> None:
    world = World(policy=TriggerPolicy(payload_limit=2_000))
    for _ in range(3):
        world.broker.append(ALERTS, b"42", b"x" * 700)

    assert world.trigger.run_once(0.1) == 3
    assert world.function.given == [[0], [1], [2]]
    assert world.committed == 3


def test_a_window_gathers_what_follows() -> None:
    world = World(policy=TriggerPolicy(window=5.0))
    world.send(1)
    late = iter([None, None, b"late"])

    class Dripping(MemoryConsumer):
        def consume(self, max_records: int, timeout: float) -> Any:  # noqa: ANN401 - as its base
            world.clock.sleep(min(timeout, 1.0))
            if (value := next(late, None)) is not None:
                world.broker.append(ALERTS, b"42", value)
            return super().consume(max_records, timeout)

    world.trigger._consumer = Dripping(world.broker, ALERTS, GROUP)
    world.trigger.run_once(0.1)

    assert world.function.given == [[0, 1]]


def test_a_poison_alert_in_the_middle_of_a_hundred_parks_only_itself() -> None:
    world = World(naming(50))
    world.send(100)

    assert world.trigger.run_once(0.1) == 100
    (parked,) = world.parked
    assert (parked.topic, parked.partition, parked.offset) == (ALERTS, 0, 50)
    assert (parked.reason, parked.attempts) == ("record_failed", 3)
    assert (parked.key, parked.value) == (b"42", b"50")
    assert world.committed == 100


def test_a_retry_begins_at_the_first_failed_record_of_each_partition() -> None:
    seen: list[dict[str, list[int]]] = []

    def behave(_: ScriptedFunction, event: dict[str, Any]) -> FunctionAnswer:
        seen.append({place: [record["offset"] for record in records] for place, records in event["records"].items()})
        items = [{"partition": f"{ALERTS}-0", "offset": 1}, {"partition": f"{ALERTS}-1", "offset": 2}]
        failures = [{"itemIdentifier": item} for item in items] if len(seen) == 1 else []
        return FunctionAnswer(json.dumps({"batchItemFailures": failures}).encode())

    world = World(behave, partitions=2)
    for partition in (0, 1):
        world.send(3, key=next(key for key in (b"a", b"b", b"c", b"d") if crc32(key) % 2 == partition))

    assert world.trigger.run_once(0.1) == 6
    assert seen[1] == {f"{ALERTS}-0": [1, 2], f"{ALERTS}-1": [2]}


def test_a_record_that_succeeds_at_the_second_try_is_not_parked() -> None:
    world = World(lambda function, event: naming(1)(function, event) if len(function.given) == 1 else GOOD)
    world.send(3)

    world.trigger.run_once(0.1)

    assert world.function.given == [[0, 1, 2], [1, 2]]
    assert world.parked == []
    assert world.committed == 3


def test_two_bad_records_are_parked_each_by_itself() -> None:
    world = World(naming(2, 7))
    world.send(10)

    world.trigger.run_once(0.1)

    assert [parked.offset for parked in world.parked] == [2, 7]
    assert world.committed == 10


@pytest.mark.parametrize(
    "trouble",
    [
        FunctionAnswer(b"{}", "Sandbox.Timedout: Task timed out after 30.00 seconds"),
        FunctionAnswer(b"{}", "Runtime.ExitError: Runtime exited with signal 9"),
        FunctionAnswer(b"what?"),
        FunctionAnswer(b'{"batchItemFailures": [{"itemIdentifier": {"partition": "x", "offset": 1}}]}'),
    ],
    ids=["timeout", "death", "malformed", "unknown-item"],
)
def test_a_function_in_trouble_gets_the_same_batch_again(trouble: FunctionAnswer) -> None:
    world = World(failing(1, trouble))
    world.send(3)

    world.trigger.run_once(0.1)

    assert world.function.given == [[0, 1, 2], [0, 1, 2]]
    assert world.parked == []
    assert world.committed == 3


def test_pauses_between_retries_grow_and_outlast_a_functions_timeout() -> None:
    world = World(failing(9, FunctionAnswer(b"{}", "down")))
    world.send(1)

    world.trigger.run_once(0.1)

    assert world.parked == []
    assert sum(world.clock.slept) > 30
    assert world.policy.pause(1) == 0.2
    assert world.policy.pause(2) == 0.4
    assert world.policy.pause(50) == 10.0


@pytest.mark.parametrize("timeout", [1, 30, 900])
def test_retries_outlast_the_timeout_of_any_function(timeout: float) -> None:
    policy = TriggerPolicy.outlasting(timeout)

    assert sum(policy.pause(n + 1) for n in range(policy.function_retries)) > timeout


def test_the_default_policy_fits_the_default_timeout() -> None:
    assert TriggerPolicy.outlasting(30) == TriggerPolicy()


def test_a_function_that_never_recovers_parks_what_it_cannot_take() -> None:
    world = World(lambda *_: FunctionAnswer(b"{}", "down"))
    world.send(1)

    assert world.trigger.run_once(0.1) == 1
    (parked,) = world.parked
    assert (parked.reason, parked.detail, parked.attempts) == ("function_failed", "down", 10)
    assert world.committed == 1


def test_a_record_that_kills_the_function_is_found_and_parks_only_itself() -> None:
    world = World(dying(61))
    world.send(100)

    assert world.trigger.run_once(0.1) == 100
    assert [parked.offset for parked in world.parked] == [61]
    assert len(world.function.given) < 40
    assert {offset for offsets in world.function.given for offset in offsets} == set(range(100))


def test_order_is_kept_when_a_batch_is_cut() -> None:
    succeeded: list[int] = []

    def behave(function: ScriptedFunction, event: dict[str, Any]) -> FunctionAnswer:
        answer = dying(3)(function, event)
        if answer is GOOD:
            succeeded.extend(function.given[-1])
        return answer

    world = World(behave)
    world.send(8)
    world.trigger.run_once(0.1)

    assert succeeded == [0, 1, 2, 4, 5, 6, 7]


def test_records_over_the_age_limit_are_parked_unseen() -> None:
    world = World(policy=TriggerPolicy(max_record_age=60))
    world.send(2)
    world.clock.sleep(100)
    world.send(1)

    world.trigger.run_once(0.1)

    assert world.function.given == [[2]]
    assert [(parked.offset, parked.reason) for parked in world.parked] == [(0, "too_old"), (1, "too_old")]


def test_a_record_that_grows_too_old_while_it_is_retried_is_parked() -> None:
    world = World(
        lambda *_: FunctionAnswer(b"{}", "down"), policy=TriggerPolicy(max_record_age=5, function_retries=1_000)
    )
    world.send(1)

    world.trigger.run_once(0.1)

    assert [parked.reason for parked in world.parked] == ["too_old"]


def test_nothing_is_committed_before_it_is_parked() -> None:
    world = World(naming(0))
    world.send(1)
    del world.broker.partitions[FAILED_ALERTS]

    with pytest.raises(Exception, match="there is no topic"):
        world.trigger.run_once(0.1)
    assert world.committed == 0


def test_what_could_not_be_parked_is_offered_again_by_the_same_trigger() -> None:
    world = World(naming(0))
    world.send(2)
    del world.broker.partitions[FAILED_ALERTS]
    with pytest.raises(Exception, match="there is no topic"):
        world.trigger.run_once(0.1)
    world.broker.partitions[FAILED_ALERTS] = 1

    assert world.trigger.run_once(0.1) == 2
    assert [parked.offset for parked in world.parked] == [0]


def test_a_position_that_is_not_taken_brings_the_batch_again() -> None:
    world = World()
    world.send(2)

    class Refusing(MemoryConsumer):
        def commit(self, next_offsets: Any) -> None:  # noqa: ANN401, ARG002 - as its base
            raise TemporarilyUnavailable("positions were not committed")

    good = world.trigger._consumer
    world.trigger._consumer = Refusing(world.broker, ALERTS, GROUP)
    with pytest.raises(TemporarilyUnavailable, match="not committed"):
        world.trigger.run_once(0.1)
    world.trigger._consumer = good

    assert world.trigger.run_once(0.1) == 2
    assert world.function.given == [[0, 1], [0, 1]]


def test_a_group_that_went_on_without_the_trigger_gives_it_the_records_again() -> None:
    world = World()
    world.send(3)
    world.broker.forget_members(ALERTS, GROUP)

    with pytest.raises(MembershipLost):
        world.trigger.run_once(0.1)
    assert world.trigger.run_once(0.1) == 3
    assert world.function.given == [[0, 1, 2], [0, 1, 2]]
    assert world.committed == 3


def test_a_stop_during_retries_leaves_the_batch_to_the_next_process() -> None:
    world = World()
    world.send(2)

    def behave(*_: object) -> FunctionAnswer:
        world.stopped = True
        return FunctionAnswer(b"{}", "down")

    world.function.behaviour = behave
    assert world.trigger.run_once(0.1) == 0
    assert world.committed == 0

    world.stopped, world.function.behaviour = False, lambda *_: GOOD
    assert world.restarted().run_once(0.1) == 2


def test_what_was_delivered_before_a_crash_is_not_offered_again() -> None:
    world = World(policy=replace(TriggerPolicy(), batch_size=2))
    world.send(4)
    world.trigger.run_once(0.1)

    world.restarted().run_once(0.1)

    assert world.function.given == [[0, 1], [2, 3]]
