"""The relay: what is committed is published at least once, in order, and marked only when acknowledged."""

import pytest

from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.adapters.memory_delivery import MemoryOutbox
from fraudstream.alerting.breaker import Breaker
from fraudstream.alerting.relay import Relay
from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import ALERTS, LABELS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.records import Delivery, OnDelivery


class PartlyRefusingProducer(MemoryProducer):
    """Refuses records with one value, and takes the others."""

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
        if value == b"refused" and on_delivery is not None:
            on_delivery(Delivery(topic, key, -1, -1, "broker is down"))
        else:
            super().send(topic, key=key, value=value, on_delivery=on_delivery)


class SilentProducer(MemoryProducer):
    """Never hears of what it sent."""

    def flush(self, timeout: float) -> int:  # noqa: ARG002
        return len(self._due)


class World:
    """An outbox, a broker, and the relay between them."""

    def __init__(
        self, producer: type[MemoryProducer] = MemoryProducer, *, batch: int = 500, alerts_per_hour: int | None = None
    ) -> None:
        self.clock = ManualClock()
        self.broker = MemoryBroker(clock=self.clock)
        self.broker.ensure_topics({ALERTS: 1, LABELS: 1}, 1)
        self.outbox = MemoryOutbox(self.clock)
        self.stopped = False
        breaker = None if alerts_per_hour is None else Breaker(self.clock, alerts_per_hour)
        self.relay = Relay(
            self.outbox, producer(self.broker), batch=batch, breaker=breaker, stopping=lambda: self.stopped
        )

    def values(self, topic: str = ALERTS) -> list[bytes | None]:
        return [record.value for record in self.broker.logs[topic, 0]]


def test_rows_are_published_in_order_and_marked() -> None:
    world = World()
    ids = [world.outbox.add(ALERTS, b"42", value) for value in (b"1", b"2", b"3")]

    assert world.relay.run_once(0.5) == 3
    assert world.values() == [b"1", b"2", b"3"]
    assert world.outbox.settled == ids


def test_each_row_goes_to_its_topic_under_its_key() -> None:
    world = World()
    world.outbox.add(LABELS, b"7", b"label")

    world.relay.run_once(0.5)

    assert [(r.key, r.value) for r in world.broker.logs[LABELS, 0]] == [(b"7", b"label")]


def test_a_row_whose_time_has_not_come_waits() -> None:
    world = World()
    world.outbox.add(ALERTS, b"42", b"later", not_before=world.clock.now() + 10)

    assert world.relay.run_once(4.0) == 0
    assert world.relay.run_once(7.0) == 0
    assert world.relay.run_once(0.5) == 1


def test_an_empty_outbox_is_waited_for() -> None:
    world = World()

    world.relay.run_once(0.5)

    assert world.clock.slept == [0.5]


def test_no_more_rows_are_claimed_than_the_batch_allows() -> None:
    world = World(batch=2)
    for number in range(3):
        world.outbox.add(ALERTS, b"42", str(number).encode())

    assert [world.relay.run_once(0.5), world.relay.run_once(0.5)] == [2, 1]
    assert world.values() == [b"0", b"1", b"2"]


def test_a_row_that_is_not_acknowledged_stays_unsent_and_the_others_are_marked() -> None:
    world = World(PartlyRefusingProducer)
    kept = [world.outbox.add(ALERTS, b"42", value) for value in (b"first", b"refused", b"last")]

    with pytest.raises(TemporarilyUnavailable, match=r"1 of 3 records were not acknowledged.*broker is down"):
        world.relay.run_once(0.5)
    assert world.outbox.settled == [kept[0], kept[2]]


def test_a_crash_between_publishing_and_marking_repeats_the_same_message() -> None:
    world = World()
    world.outbox.add(ALERTS, b"42", b"alert")

    class Crash(MemoryOutbox):
        def settle(self, sent: object) -> None:  # noqa: ARG002
            raise SystemExit

    crashing = Crash(world.clock)
    crashing._rows = world.outbox._rows
    with pytest.raises(SystemExit):
        Relay(crashing, MemoryProducer(world.broker)).run_once(0.5)
    world.relay.run_once(0.5)

    assert world.values() == [b"alert", b"alert"]


def test_a_stop_while_acknowledgements_are_awaited_leaves_rows_unsent() -> None:
    world = World(SilentProducer)
    world.outbox.add(ALERTS, b"42", b"alert")
    world.stopped = True

    assert world.relay.run_once(0.5) == 0
    assert world.outbox.settled == []


def test_alerts_beyond_the_hours_budget_are_not_published_before_the_next_hour() -> None:
    world = World(alerts_per_hour=2)
    for number in range(5):
        world.outbox.add(ALERTS, b"42", str(number).encode())

    assert [world.relay.run_once(0.5), world.relay.run_once(0.5)] == [2, 0]
    world.clock.sleep(3_600)
    assert world.relay.run_once(0.5) == 2
    assert world.values() == [b"0", b"1", b"2", b"3"]


def test_other_messages_are_published_past_a_spent_budget() -> None:
    world = World(alerts_per_hour=0)
    world.outbox.add(ALERTS, b"42", b"alert")
    world.outbox.add(LABELS, b"42", b"label")

    assert world.relay.run_once(0.5) == 1
    assert (world.values(), world.values(LABELS)) == ([], [b"label"])


def test_a_restarted_relay_has_no_new_budget() -> None:
    world = World(alerts_per_hour=1)
    world.outbox.add(ALERTS, b"42", b"first")
    world.relay.run_once(0.5)
    world.outbox.add(ALERTS, b"42", b"second")

    again = Relay(world.outbox, MemoryProducer(world.broker), breaker=Breaker(world.clock, 1))

    assert again.run_once(0.5) == 0
    assert world.values() == [b"first"]


def test_a_relay_that_found_only_alerts_to_hold_looks_at_once_for_more() -> None:
    world = World(batch=2, alerts_per_hour=0)
    for number in range(2):
        world.outbox.add(ALERTS, b"42", str(number).encode())
    world.outbox.add(LABELS, b"42", b"label")

    assert [world.relay.run_once(0.5), world.relay.run_once(0.5)] == [0, 1]
    assert world.clock.slept == []
