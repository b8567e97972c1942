"""One contract for `LabelStore`, in memory and on PostgreSQL, as the label applier uses it."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from tests.ports.label_worlds import LabelWorld, MemoryWorld, PostgresWorld

from fraudstream.contracts.label import Label, encode_label
from fraudstream.features.label_history import UNLABELLED, RiskRows, apply_step, customer_rows, merchant_rows
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.feedback.applier import Applied, LabelApplier
from fraudstream.ports.labels import LabelledPayment, LabelRow, history_of
from fraudstream.ports.records import Record

pytestmark = pytest.mark.ports

TOPIC_ID = str(uuid.UUID(int=77))
NOW = 1_764_000_000.25
ARRIVED = dt.datetime.fromtimestamp(NOW - 0.123457, dt.UTC)
PAYMENT = LabelledPayment(100, 200, NOW - 86_400.000_001, 12.5, 1.0 / 3.0)
WITHOUT_MERCHANT = LabelledPayment(100, None, NOW - 500.0, 1.0, 2.75)


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[LabelWorld]:
    with contextlib.ExitStack() as stack:
        if request.param == "memory":
            yield MemoryWorld()
        else:
            yield PostgresWorld(request.getfixturevalue("database_url"), stack)


def an_applier(world: LabelWorld) -> LabelApplier:
    return LabelApplier(world.store(), "labels", TOPIC_ID, dt.timedelta(days=1))


def a_label(number: int, *, is_fraud: bool = True) -> Label:
    return Label(transaction_id=uuid.UUID(int=number), user_id=999, is_fraud=is_fraud, arrived_at=ARRIVED)


def records(*said: Label | bytes | None, first: int = 0) -> list[Record]:
    values = [encode_label(item) if isinstance(item, Label) else item for item in said]
    return [Record("labels", 0, first + row, None, value, NOW) for row, value in enumerate(values)]


def folded(
    *labels: tuple[Label, LabelledPayment], start: tuple[RiskRows, RiskRows] | None = None
) -> tuple[bytes, bytes]:
    """What labels do to customer 100 and merchant 200, computed without a store."""
    customers, merchants = start or (customer_rows(np.array([100])), merchant_rows(np.array([200])))
    rows = [LabelRow("", 0, turn, label, turn + 1, payment) for turn, (label, payment) in enumerate(labels)]
    apply_step(history_of(rows), np.full(len(rows), UNLABELLED, np.int16), customers, merchants)
    return customers.rows[0].tobytes(), merchants.rows[0].tobytes()


def test_labels_of_scored_and_of_remembered_payments_move_risk(world: LabelWorld) -> None:
    world.deploy()
    world.score(1, PAYMENT)
    world.remember(2, WITHOUT_MERCHANT)

    applied = an_applier(world).apply(records(a_label(1), a_label(2, is_fraud=False)))

    assert applied == Applied(turns=2)
    assert world.labels() == [(0, 1, 100), (1, 2, 100)]
    expected = folded((a_label(1), PAYMENT), (a_label(2, is_fraud=False), WITHOUT_MERCHANT))
    assert world.risk(100, 200) == expected


def test_a_scored_payment_goes_before_a_remembered_one(world: LabelWorld) -> None:
    world.deploy()
    world.score(1, PAYMENT)
    world.remember(1, replace(PAYMENT, amount_ratio=9.0))

    an_applier(world).apply(records(a_label(1)))

    assert world.risk(100, 200) == folded((a_label(1), PAYMENT))


def test_risk_moves_on_from_what_is_stored(world: LabelWorld) -> None:
    customer, merchant = np.linspace(1, 2, CUSTOMER_RISK_WIDTH), np.linspace(3, 4, MERCHANT_RISK_WIDTH)
    world.deploy()
    world.begin_with(100, customer, 200, merchant)
    world.score(1, PAYMENT)
    an_applier(world).apply(records(a_label(1)))

    start = customer_rows(np.array([100])), merchant_rows(np.array([200]))
    start[0].rows[0], start[1].rows[0] = customer, merchant
    assert world.risk(100, 200) == folded((a_label(1), PAYMENT), start=start)


def test_a_batch_that_is_offered_again_changes_nothing(world: LabelWorld) -> None:
    world.deploy()
    world.score(1, PAYMENT)
    batch = records(a_label(1), b"broken", a_label(9))
    an_applier(world).apply(batch)
    before = world.labels(), world.refused(), world.risk(100, 200)

    assert an_applier(world).apply(batch) == Applied(redelivered=3)
    assert (world.labels(), world.refused(), world.risk(100, 200)) == before


def test_a_block_that_fails_leaves_nothing(world: LabelWorld) -> None:
    world.deploy()
    store = world.store()

    with contextlib.suppress(RuntimeError), store.transaction() as transaction:
        transaction.progress()
        transaction.put_labels([LabelRow(TOPIC_ID, 0, 0, a_label(1))])
        transaction.advance("labels", TOPIC_ID, {0: 1})
        raise RuntimeError

    assert world.labels() == []
    with store.transaction() as transaction:
        assert transaction.next_offset(TOPIC_ID, 0) == 0


def test_a_waiting_label_is_released_by_the_score_of_its_payment(world: LabelWorld) -> None:
    world.deploy()
    world.score(3, PAYMENT)
    applier = an_applier(world)
    applier.apply(records(a_label(5), a_label(6)))
    assert applier.release() == Applied()

    world.score(5, PAYMENT)

    assert applier.release() == Applied(turns=1)
    assert world.labels() == [(0, 1, 100), (1, None, 999)]
    assert applier.release() == Applied()


def test_labels_released_together_take_turns_in_the_order_of_their_log(world: LabelWorld) -> None:
    """Whatever partitions their payments lie in; a process that starts anew must give the same turns."""
    world.deploy()
    world.score(3, PAYMENT)
    applier = an_applier(world)
    applier.apply(records(a_label(5), a_label(6), a_label(7)))
    assert applier.release() == Applied()

    for number, partition in ((5, 0), (6, 1), (7, 0)):
        world.score(number, PAYMENT, partition=partition)

    assert applier.release() == Applied(turns=3)
    assert world.labels() == [(0, 1, 100), (1, 2, 100), (2, 3, 100)]


def test_labels_that_waited_while_nobody_was_at_work_are_released_after_a_start(world: LabelWorld) -> None:
    world.deploy()
    an_applier(world).apply(records(a_label(5)))
    world.score(5, PAYMENT)

    assert an_applier(world).release() == Applied(turns=1)


def test_labels_wait_for_the_first_promotion_which_brings_the_history(world: LabelWorld) -> None:
    applier = an_applier(world)
    applier.apply(records(a_label(2)))
    assert applier.release() == Applied()

    world.deploy()
    world.remember(2, PAYMENT)

    assert applier.release() == Applied(turns=1)


def test_a_waiting_label_goes_before_a_later_one_of_its_payment(world: LabelWorld) -> None:
    world.deploy()
    applier = an_applier(world)
    applier.apply(records(a_label(5, is_fraud=True)))
    world.score(5, PAYMENT)

    applier.apply(records(a_label(5, is_fraud=False), first=1))

    assert world.labels() == [(0, 1, 100), (1, 2, 100)]
    assert world.risk(100, 200) == folded((a_label(5, is_fraud=False), PAYMENT))


def test_a_contradiction_folds_again_from_the_initial_rows(world: LabelWorld) -> None:
    customer, merchant = np.linspace(1, 2, CUSTOMER_RISK_WIDTH), np.linspace(3, 4, MERCHANT_RISK_WIDTH)
    world.deploy()
    world.begin_with(100, customer, 200, merchant)
    for number, payment in ((1, PAYMENT), (2, WITHOUT_MERCHANT), (3, replace(PAYMENT, user_id=101))):
        world.score(number, payment)
    applier = an_applier(world)
    applier.apply(records(a_label(1), a_label(2), a_label(3)))

    applier.apply(records(a_label(1, is_fraud=False), first=3))

    start = customer_rows(np.array([100])), merchant_rows(np.array([200]))
    start[0].rows[0], start[1].rows[0] = customer, merchant
    expected = folded(
        (a_label(2), WITHOUT_MERCHANT),
        (a_label(3), replace(PAYMENT, user_id=101)),
        (a_label(1, is_fraud=False), PAYMENT),
        start=start,
    )
    assert world.risk(100, 200) == expected


def test_labels_before_the_base_are_not_folded_again(world: LabelWorld) -> None:
    """The initial rows of a catalogue version that was built later contain them."""
    world.deploy(label_seq=1)
    world.score(1, PAYMENT)
    world.score(2, WITHOUT_MERCHANT)
    store = world.store()
    with store.transaction() as transaction:
        transaction.put_labels([LabelRow(TOPIC_ID, 0, 0, a_label(2), 1, WITHOUT_MERCHANT)])
        transaction.take_turns(1)
        transaction.advance("labels", TOPIC_ID, {0: 1})
    applier = an_applier(world)
    applier.apply(records(a_label(1), first=1))

    applier.apply(records(a_label(1, is_fraud=False), first=2))

    assert world.risk(100, 200) == folded((a_label(1, is_fraud=False), PAYMENT))


def test_an_alert_becomes_what_the_newest_label_says(world: LabelWorld) -> None:
    world.deploy()
    for number in (1, 2, 3):
        world.score(number, PAYMENT)
    world.alert(1)
    world.alert(2, status="held")
    world.alert(3)
    applier = an_applier(world)

    applier.apply(records(a_label(1), a_label(2)))
    first = [world.alert_status(number) for number in (1, 2, 3)]
    applier.apply(records(a_label(1), a_label(1, is_fraud=False), a_label(2), first=2))

    assert first == ["confirmed", "confirmed", "open"]
    assert [world.alert_status(number) for number in (1, 2, 3)] == ["dismissed", "confirmed", "open"]


def test_a_label_that_waits_leaves_its_alert_open(world: LabelWorld) -> None:
    world.score(1, PAYMENT)
    world.alert(1)
    applier = an_applier(world)
    applier.apply(records(a_label(1)))
    waiting = world.alert_status(1)
    world.deploy()
    applier.release()

    assert (waiting, world.alert_status(1)) == ("open", "confirmed")


def test_refused_records_are_kept_with_word_in_the_outbox(world: LabelWorld) -> None:
    world.deploy()

    an_applier(world).apply(records(None, b"\xff\x00", b'{"source": "\\u0000"}'))

    assert world.refused() == [
        (0, "empty", b"labels/0/0"),
        (1, "not_json", b"labels/0/1"),
        (2, "invalid_field", b"labels/0/2"),
    ]
