"""A parked alert goes back to its topic byte for byte, is followed when it comes back, and not without end."""

import pytest
from tests.unit.alerting.builders import an_alert
from tests.unit.rework.redrive_world import ANYWAY, ORDER, RedriveWorld

from fraudstream.adapters.memory import MemoryProducer
from fraudstream.contracts.alert import encode_alert
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS
from fraudstream.errors import ImpossibleRequest, TemporarilyUnavailable
from fraudstream.ports.records import Delivery, OnDelivery
from fraudstream.ports.replays import MOST_ATTEMPTS
from fraudstream.rework.places import NamedPlace
from fraudstream.rework.redrive import named, open_alerts
from fraudstream.rework.sending import PlainSending


class SilentProducer(MemoryProducer):
    """Never reports anything."""

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
        """Swallow it."""


@pytest.fixture
def world() -> RedriveWorld:
    return RedriveWorld()


def test_a_parked_alert_goes_back_as_it_was(world: RedriveWorld) -> None:
    original = world.publish(1)
    world.park(original)
    assert world.standings() == ["waits"]
    sent = world.send(0)

    again = world.broker.logs[ALERTS, 0][sent.offset]
    assert (again.key, again.value) == (original.key, original.value)
    (replay,) = world.at(0).replays
    assert (replay.request.author, replay.request.reason, replay.request.attempt) == ("ana", "the topic is back", 1)
    assert (replay.sent, world.standings()) == (sent, ["sent"])
    with pytest.raises(ImpossibleRequest, match=r"it (is|was) sent again"):
        world.send(0)


def test_an_alert_that_comes_back_is_the_same_one_and_is_sent_only_so_often(world: RedriveWorld) -> None:
    world.park(world.publish(1))
    for attempt in range(MOST_ATTEMPTS):
        sent = world.send(attempt)
        world.park(world.broker.logs[ALERTS, 0][sent.offset])

    assert world.standings() == [*["came back"] * MOST_ATTEMPTS, "spent"]
    assert world.at(MOST_ATTEMPTS).origin == world.at(0).place
    assert open_alerts(world.work.parked()) == []
    with pytest.raises(ImpossibleRequest, match="it was sent again 3 times, which is the most"):
        world.send(MOST_ATTEMPTS)


def test_the_newer_record_stands_for_an_alert_that_came_back(world: RedriveWorld) -> None:
    world.park(world.publish(1))
    world.park(world.broker.logs[ALERTS, 0][world.send(0).offset])

    assert world.standings() == ["came back", "waits"]
    with pytest.raises(ImpossibleRequest, match="the newer record stands for it"):
        world.send(0)
    world.send(1)
    assert world.standings() == ["came back", "sent"]


def test_what_is_no_alert_is_not_sent_unless_it_is_wanted(world: RedriveWorld) -> None:
    world.park(world.broker.append(ALERTS, b"42", b"poison"))

    assert world.standings() == ["no alert"]
    assert open_alerts(world.work.parked()) == []
    with pytest.raises(ImpossibleRequest, match="it is no alert and would be parked again"):
        world.send(0)
    world.send(0, ANYWAY)
    assert world.standings() == ["sent"]


def test_a_redrive_whose_fate_is_unknown_may_be_tried_again(world: RedriveWorld) -> None:
    world.park(world.publish(1))

    def dies(topic: str, key: bytes | None, value: bytes) -> Delivery:  # noqa: ARG001
        raise SystemExit

    with pytest.raises(SystemExit):
        world.work.send(world.at(0), ORDER, world.resender(dies))
    assert world.standings() == ["unknown"]
    assert world.send(0).offset == 1
    assert [replay.request.attempt for replay in world.at(0).replays] == [1, 2]


def test_a_record_too_large_to_be_parked_whole_is_taken_from_its_own_topic(world: RedriveWorld) -> None:
    original = world.publish(1)
    world.park(original)
    world.lose_bytes(0)

    assert world.broker.logs[ALERTS, 0][world.send(0).offset].value == original.value


def test_a_record_whose_bytes_are_gone_is_named_so(world: RedriveWorld) -> None:
    world.park(world.publish(1))
    world.lose_bytes(0)
    world.broker.logs[ALERTS, 0].clear()

    with pytest.raises(ImpossibleRequest, match="its bytes are neither here nor in the log any more"):
        world.send(0, ANYWAY)


def test_bytes_of_another_record_at_the_same_place_are_not_taken_for_its_own(world: RedriveWorld) -> None:
    world.park(world.publish(1))
    world.lose_bytes(0)
    world.broker.logs[ALERTS, 0].clear()
    world.broker.clock.sleep(60.0)
    world.publish(2)

    assert world.at(0).value is None


def test_something_else_in_the_topic_is_shown_and_left_alone(world: RedriveWorld) -> None:
    world.broker.append(FAILED_ALERTS, None, b"somebody's own")
    world.park(world.publish(1))

    assert world.standings() == ["no alert", "waits"]
    with pytest.raises(ImpossibleRequest, match="its bytes are neither here"):
        world.send(0, ANYWAY)


def test_an_alert_that_aws_parked_as_it_is_goes_back_only_so_often(world: RedriveWorld) -> None:
    value = encode_alert(an_alert(1))
    other = world.broker.append(FAILED_ALERTS, b"7", encode_alert(an_alert(2)))
    for attempt in range(MOST_ATTEMPTS):
        parked = world.broker.append(FAILED_ALERTS, b"42", value)
        assert world.standings() == ["waits", *["came back"] * attempt, "waits"]

        sent = world.broker.logs[ALERTS, 0][world.send(parked.offset).offset]
        assert (sent.key, sent.value) == (b"42", value)
        assert world.standings()[-1] == "sent"
        with pytest.raises(ImpossibleRequest, match=r"it (is|was) sent again"):
            world.send(parked.offset)

    world.broker.append(FAILED_ALERTS, b"42", value)
    assert world.standings() == ["waits", *["came back"] * MOST_ATTEMPTS, "spent"]
    assert world.at(other.offset).alert == an_alert(2)


def test_only_the_newest_are_looked_at(world: RedriveWorld) -> None:
    for number in range(5):
        world.park(world.publish(number))

    newest = type(world.work)(world.broker, world.book, window=2).parked()
    assert [parked.alert for parked in newest] == [an_alert(3), an_alert(4)]


def test_a_record_is_found_by_its_place(world: RedriveWorld) -> None:
    world.park(world.publish(1))
    place = NamedPlace(FAILED_ALERTS, 0, 0)

    assert named(world.work.find(place)) == str(place)
    with pytest.raises(ImpossibleRequest, match="fraud-alerts-failed/0/1 is not parked"):
        world.work.find(NamedPlace(FAILED_ALERTS, 0, 1))


def test_a_broker_that_says_nothing_leaves_the_fate_unknown(world: RedriveWorld) -> None:
    world.park(world.publish(1))
    silent = PlainSending(SilentProducer(world.broker))

    with pytest.raises(TemporarilyUnavailable, match="the record may be in the log or not"):
        world.work.send(world.at(0), ORDER, world.resender(silent))
    assert world.standings() == ["unknown"]
