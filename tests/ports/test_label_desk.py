"""One contract for `LabelDesk`, in memory and on PostgreSQL."""

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
from tests.integration.verify.postgres_stack import OLD_PAYMENT
from tests.ports.case_worlds import CaseWorld, case_worlds
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.label_desk import PostgresLabelDesk
from fraudstream.contracts.alert import alert_id_for
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.label_desk import KnownPayment, LabelFate, LabelPlace

pytestmark = pytest.mark.ports


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[CaseWorld]:
    yield from case_worlds(request)


def an_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def test_a_scored_payment_is_known_with_its_customer_and_time(world: CaseWorld) -> None:
    world.send(a_payment(1, user_id=3))
    world.score()

    assert world.desk().payment(an_id(1)) == KnownPayment(3, a_payment(1).timestamp)
    assert world.desk().payment(an_id(2)) is None


def test_a_payment_of_the_history_is_known_too(world: CaseWorld) -> None:
    moment = dt.datetime.fromtimestamp(1_749_000_000.5, dt.UTC)

    assert world.desk().payment(OLD_PAYMENT) == KnownPayment(2, moment)


def test_an_alert_is_known_by_its_own_id(world: CaseWorld) -> None:
    for number in range(1, 6):
        world.send(a_payment(number, amount=5_000.0))
    world.score()
    alerted = [number for number in range(1, 6) if world.desk().alerted(alert_id_for(an_id(number))) is not None]

    assert alerted
    assert world.desk().alerted(alert_id_for(an_id(alerted[0]))) == an_id(alerted[0])
    assert world.desk().alerted(an_id(alerted[0])) is None
    assert world.desk().alerted(alert_id_for(an_id(99))) is None


def test_the_time_of_the_stream_is_the_newest_payments_and_not_the_last_ones(world: CaseWorld) -> None:
    assert world.desk().stream_time() is None
    world.send(a_payment(30))
    world.send(a_payment(20), partition=1)
    world.score(0)
    world.score(1)
    world.send(b"not a payment")
    world.score(0)

    assert world.desk().stream_time() == a_payment(30).timestamp


def test_labels_stand_in_the_order_of_their_turns_and_those_that_wait_come_last(world: CaseWorld) -> None:
    world.send(a_payment(1))
    world.score()
    world.say(1, is_fraud=True)
    world.say(9, is_fraud=True)
    world.say(1, is_fraud=False)

    labels = world.desk().labels(an_id(1))
    (waiting,) = world.desk().labels(an_id(9))

    assert [(label.label_seq, label.is_fraud, label.place.offset) for label in labels] == [(1, True, 0), (2, False, 2)]
    assert {label.place.topic_id for label in labels} == {world.label_topic_id}
    assert (waiting.label_seq, waiting.source, waiting.place.offset) == (None, "bank", 1)
    assert world.desk().labels(an_id(5)) == []


def test_the_newest_outcome_counts_and_one_that_waits_does_not(world: CaseWorld) -> None:
    for number in (1, 2):
        world.send(a_payment(number))
    world.score()
    world.say(1, is_fraud=True)
    world.say(1, is_fraud=False)
    world.say(9, is_fraud=True)

    assert world.desk().outcomes([an_id(1), an_id(2), an_id(9)]) == {an_id(1): False}
    assert world.desk().outcomes([]) == {}


def test_a_label_is_applied_or_waits_or_is_refused_or_not_there_yet(world: CaseWorld) -> None:
    world.send(a_payment(1))
    world.score()
    world.say(1, is_fraud=True)
    world.say(9, is_fraud=True)
    world.garble()
    fates = [world.desk().fate(LabelPlace(world.label_topic_id, 0, offset)) for offset in range(4)]

    assert fates[:2] == [LabelFate(label_seq=1), LabelFate()]
    assert fates[2] is not None
    assert (fates[2].refused or "").startswith("not_json: ")
    assert fates[3] is None


def test_a_label_that_waited_has_its_turn_once_its_payment_is_scored(world: CaseWorld) -> None:
    world.say(1, is_fraud=True)
    world.send(a_payment(1))
    world.score()

    assert world.desk().fate(LabelPlace(world.label_topic_id, 0, 0)) == LabelFate(label_seq=1)


def test_a_server_that_does_not_answer_is_unavailable_for_a_time() -> None:
    desk = PostgresLabelDesk(ConnectionPool("postgresql+psycopg2://nobody:x@127.0.0.1:1/none", application="test"))

    with pytest.raises(TemporarilyUnavailable, match="did not accept the connection"):
        desk.stream_time()
