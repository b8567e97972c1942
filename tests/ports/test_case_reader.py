"""One contract for `CaseReader`, in memory and on PostgreSQL."""

import json
import uuid
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from tests.integration.verify.postgres_stack import OLD_PAYMENT
from tests.ports.case_worlds import CaseWorld, case_worlds
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.case_reader import PostgresCases
from fraudstream.contracts.alert import alert_id_for
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.contracts.transaction import encode_transaction
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.catalogue import index_of
from fraudstream.models.archive import load_model
from fraudstream.ports.cases import Case, KnownOutcomes, Relayed, ScoredPayment

pytestmark = pytest.mark.ports

AN_ID = uuid.UUID("7d444840-9dc0-41d1-b245-5ffdce74fad2")


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[CaseWorld]:
    yield from case_worlds(request)


def an_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def scored(world: CaseWorld, number: int) -> ScoredPayment:
    payment = world.cases().case(an_id(number)).payment
    assert payment is not None
    return payment


def test_of_an_id_that_nobody_has_heard_of_there_is_nothing(world: CaseWorld) -> None:
    assert world.cases().case(AN_ID) == Case(AN_ID)


def test_a_payment_is_read_as_it_came_in(world: CaseWorld) -> None:
    sent = msgspec.structs.replace(
        a_payment(1, user_id=3, amount=12.5, merchant_id=None), device_id=5, channel="online", currency="EUR"
    )
    record = world.send(b"not a payment"), world.send(sent)
    world.score()

    payment = scored(world, 1)

    assert (payment.place.topic, payment.place.partition, payment.place.offset) == (TRANSACTIONS, 0, 1)
    assert payment.log_time.timestamp() == record[1].log_time
    assert payment.log_time < payment.committed_at
    assert (payment.user_id, payment.amount, payment.event_time) == (3, 12.5, sent.timestamp)
    assert (payment.merchant_category, payment.location) == (sent.merchant_category, sent.location)
    assert (payment.payment_method, payment.merchant_id) == (sent.payment_method, None)
    assert (payment.device_id, payment.channel, payment.currency) == (5, "online", "EUR")


def test_what_is_absent_stays_absent(world: CaseWorld) -> None:
    world.send(a_payment(1, merchant_id=8))
    world.score()

    payment = scored(world, 1)

    assert (payment.merchant_id, payment.device_id, payment.channel, payment.currency) == (8, None, None, None)


def test_the_score_comes_with_the_model_that_gave_it(world: CaseWorld) -> None:
    world.send(a_payment(1, amount=900.0))
    world.score()

    payment = scored(world, 1)
    model = load_model(world.cases().artefact(payment.deployment.digest), digest=payment.deployment.digest)

    assert (payment.deployment.model_version, payment.deployment.threshold) == ("1", 0.3)
    assert model.threshold == 0.3
    assert payment.features[index_of("amount")] == 900.0
    assert payment.alert == (payment.score >= 0.3)
    with pytest.raises(ModelUnavailable, match="no model artefact with SHA-256 0000"):
        world.cases().artefact("0" * 64)


def test_the_customers_earlier_payments_come_newest_first_and_nobody_elses(world: CaseWorld) -> None:
    for number, user in ((1, 3), (2, 4), (3, 3)):
        world.send(a_payment(number, user_id=user, amount=float(number)))
    world.score()
    world.send(a_payment(4, user_id=3, amount=4.0), partition=1)
    world.score(1)
    world.send(a_payment(5, user_id=3, amount=5.0))
    world.score()

    assert scored(world, 4).earlier[:, index_of("amount")].tolist() == [3.0, 1.0]
    assert scored(world, 1).earlier.shape == (0, len(scored(world, 1).features))


def test_outcomes_are_those_that_the_score_had_seen(world: CaseWorld) -> None:
    """Customer 3 and merchant 8 have a history before the log; of payment 1 the newest outcome counts."""
    for number in (1, 2):
        world.send(a_payment(number, user_id=3, merchant_id=8))
    world.send(a_payment(3, user_id=2, merchant_id=8))
    world.score()
    world.say(1, is_fraud=True)
    world.say(1, is_fraud=False)
    world.say(2, is_fraud=True)
    world.say(3, is_fraud=True)
    world.send(a_payment(4, user_id=3, merchant_id=8))
    world.score()
    world.say(4, is_fraud=True)

    first, last = world.cases().case(an_id(1)), world.cases().case(an_id(4))

    assert (first.customer.payments, first.merchant.payments) == (0, 0)
    assert (last.customer.payments, last.customer.frauds) == (2, 1)
    assert (last.merchant.payments, last.merchant.frauds) == (3, 2)
    assert last.payment is not None
    assert last.payment.label_seq == 4
    assert [label.is_fraud for label in first.labels] == [True, False]
    assert [label.label_seq for label in last.labels] == [5]


def test_outcomes_before_the_log_are_counted_from_the_initial_rows(world: CaseWorld) -> None:
    for number, user, merchant in ((1, 1, 7), (2, 9, 9), (3, 1, None)):
        world.send(a_payment(number, user_id=user, merchant_id=merchant))
    world.score()
    known = [world.cases().case(an_id(number)) for number in (1, 2, 3)]

    customers, merchants = world.outcomes_before_the_log()
    assert [case.customer for case in known] == [
        KnownOutcomes(customers[1]),
        KnownOutcomes(),
        KnownOutcomes(customers[1]),
    ]
    assert [case.merchant for case in known] == [KnownOutcomes(merchants[7]), KnownOutcomes(), KnownOutcomes()]


def test_outcomes_that_the_initial_rows_contain_are_not_counted_twice(world: CaseWorld) -> None:
    for number in (1, 2):
        world.send(a_payment(number, user_id=3, merchant_id=8))
    world.score()
    world.say(1, is_fraud=True)
    world.say(2, is_fraud=True)
    world.send(a_payment(3, user_id=3, merchant_id=8))
    world.score()
    world.begin_after(1)

    case = world.cases().case(an_id(3))

    assert (case.customer.payments, case.merchant.payments) == (1, 1)


def test_an_alert_is_followed_to_the_subscriber(world: CaseWorld) -> None:
    for number in (1, 2):
        world.send(a_payment(number, user_id=4, amount=1.0 if number == 2 else 900.0))
    world.score()
    waiting = world.cases().case(an_id(1)).alert
    world.deliver()
    world.notify_again(an_id(1))
    case = world.cases().case(an_id(1))

    assert case.alert is not None
    assert waiting is not None
    assert case.alert.alert_id == alert_id_for(an_id(1))
    assert (case.alert.threshold, case.alert.reasons != ()) == (0.3, True)
    assert waiting.relayed == (Relayed(None, None, None),)
    assert waiting.notified == ()
    assert [sent.sent_at is not None for sent in case.alert.relayed] == [True]
    assert [message.message_id for message in case.alert.notified] == [str(case.alert.alert_id), "again"]


def test_a_payment_below_the_threshold_has_no_alert(world: CaseWorld) -> None:
    world.deploy("2", weight=0.05, threshold=1.0)
    world.send(a_payment(1))
    world.score()

    assert world.cases().case(an_id(1)).alert is None


def test_the_same_id_with_another_content_is_found_in_quarantine(world: CaseWorld) -> None:
    world.send(a_payment(1, amount=10.0))
    world.send(a_payment(1, amount=11.0))
    world.score()

    case = world.cases().case(an_id(1))

    assert [(item.place.offset, item.reason) for item in case.refused] == [(1, "conflicting_id")]
    assert case.payment is not None
    assert case.payment.amount == 10.0


@pytest.mark.parametrize("spelled", [str(AN_ID), str(AN_ID).upper(), AN_ID.hex])
def test_a_record_that_could_not_be_read_is_found_by_the_id_in_it(world: CaseWorld, spelled: str) -> None:
    payment = json.loads(encode_transaction(a_payment(1))) | {"transaction_id": spelled, "amount": -1}
    world.send(json.dumps(payment).encode())
    world.score()

    case = world.cases().case(AN_ID)

    assert case.payment is None
    assert [item.reason for item in case.refused] == ["invalid_field"]
    assert world.cases().case(an_id(1)).refused == ()


def test_a_payment_of_the_history_is_known_but_not_scored(world: CaseWorld) -> None:
    case = world.cases().case(OLD_PAYMENT)

    assert case.payment is None
    assert case.historical is not None
    assert case.historical.user_id == 2


def test_a_label_that_waits_for_a_payment_to_come_is_there(world: CaseWorld) -> None:
    world.say(9, is_fraud=True)

    assert [label.label_seq for label in world.cases().case(an_id(9)).labels] == [None]


def test_vectors_are_the_stored_ones_to_the_last_bit(world: CaseWorld) -> None:
    for number in range(1, 9):
        world.send(a_payment(number, user_id=2, amount=10.0 / number))
    world.score()

    payment = scored(world, 8)
    again = np.vstack([scored(world, number).features for number in range(7, 0, -1)])

    assert payment.earlier.tobytes() == again.tobytes()


def test_a_server_that_does_not_answer_is_unavailable_for_a_time() -> None:
    with pytest.raises(TemporarilyUnavailable, match="did not accept the connection"):
        PostgresCases("postgresql+psycopg2://nobody:x@127.0.0.1:1/none").case(AN_ID)
