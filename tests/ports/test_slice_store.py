"""One contract for `SliceStore`, in memory and on PostgreSQL."""

import contextlib
import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from tests.ports.slice_worlds import DIGEST, OTHER_DIGEST, MemoryWorld, PostgresWorld, SliceWorld

from fraudstream.contracts.alert import Alert, alert_id_for
from fraudstream.contracts.decision import Reason
from fraudstream.errors import Fenced, ModelUnavailable
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import ABSENT, PAYMENT_METHODS, Bytes, EventColumns, Floats, Ints, uuid_at
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.ports.slices import (
    AT_ONCE,
    Deployment,
    LogPart,
    OutboxMessage,
    QuarantinedRow,
    RaisedAlert,
    ScoredRows,
    Shadow,
    ShadowScores,
    SliceResult,
    SliceStore,
    SliceTransaction,
)

pytestmark = pytest.mark.ports

PART = LogPart("payments", str(uuid.UUID(int=1)), 0, epoch=1)
OTHER_PART = replace(PART, partition=1)
NOON = 1_764_000_000.25


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[SliceWorld]:
    with contextlib.ExitStack() as stack:
        if request.param == "memory":
            yield MemoryWorld()
        else:
            yield PostgresWorld(request.getfixturevalue("database_url"), stack)


def ids(*numbers: int) -> Bytes:
    return np.frombuffer(b"".join(uuid.UUID(int=number).bytes for number in numbers), np.uint8).reshape(-1, 16)


def ints(*values: int) -> Ints:
    return np.array(values, np.int64)


def payments(transaction_id: Bytes, users: Ints, merchants: Ints) -> EventColumns:
    count = len(users)
    codes = np.arange(count, dtype=np.int16) % len(PAYMENT_METHODS)
    return EventColumns(
        transaction_id=transaction_id,
        user_id=users,
        event_time=NOON + np.arange(count, dtype=np.float64),
        amount=np.full(count, 12.5),
        category=codes,
        location=codes,
        payment_method=codes,
        merchant_id=merchants,
        device_id=np.full(count, ABSENT),
        channel=np.full(count, ABSENT, np.int16),
    )


def rows(columns: EventColumns, *, first_offset: int = 0) -> ScoredRows:
    count = len(columns)
    return ScoredRows(
        offset=first_offset + np.arange(count),
        log_time=NOON + np.arange(count, dtype=np.float64),
        payments=columns,
        body_hash=np.arange(count),
        currency=np.array([b"USD", b""] * count, "S3")[:count],
        score=np.linspace(0.25, 0.75, count),
        alert=np.linspace(0.25, 0.75, count) >= 0.5,
        features=np.ones((count, FEATURE_COUNT)),
    )


def result(opened: SliceTransaction, deployment: Deployment, scored: ScoredRows, state: Floats) -> SliceResult:
    users = np.unique(scored.payments.user_id)
    snapshot = opened.snapshot(1, users, np.unique(scored.payments.merchant_id))
    return SliceResult(
        slice_id=snapshot.slice_id,
        label_seq=snapshot.label_seq,
        deployment=deployment,
        first_offset=int(scored.offset[0]),
        last_offset=int(scored.offset[-1]),
        scored=scored,
        user_id=users,
        state=state,
        alerts=(),
        quarantined=(),
        outbox=(),
        repeats=0,
    )


def take(
    store: SliceStore, part: LogPart, deployment: Deployment, *users: int, first_offset: int = 0, id_: int = 100
) -> tuple[int, Floats]:
    """Take one payment of each customer and raise the first number of their state; returns what was there before."""
    with store.open(part) as opened:
        numbers = ids(*range(id_, id_ + len(users)))
        opened.reserve(numbers, ints(*range(len(users))), ints(*range(first_offset, first_offset + len(users))))
        before = opened.lock_states(1, np.unique(ints(*users)))
        scored = rows(payments(numbers, ints(*users), ints(*[5] * len(users))), first_offset=first_offset)
        taken = result(opened, deployment, scored, before + 1.0)
        opened.write(taken)
    return taken.slice_id, before


def test_a_slice_is_stored_whole(world: SliceWorld) -> None:
    deployment = world.deploy()
    with world.store().open(PART) as opened:
        numbers = ids(1, 2, 3)
        opened.reserve(numbers, ints(1, 2, 3), ints(10, 11, 12))
        state = opened.lock_states(1, ints(7, 8))
        scored = rows(payments(numbers, ints(8, 7, 8), ints(5, ABSENT, 6)), first_offset=10)
        raised = Alert(
            alert_id=alert_id_for(uuid_at(numbers, 2)),
            transaction_id=uuid_at(numbers, 2),
            user_id=8,
            amount=12.5,
            event_time=dt.datetime.fromtimestamp(NOON, dt.UTC),
            merchant_category="Travel",
            location="Miami",
            payment_method="PayPal",
            score=0.75,
            threshold=0.5,
            reasons=(Reason("amount_ratio", 9.0, 1.5, "nine times the usual amount"),),
            model_version="7",
        )
        refused = QuarantinedRow(13, NOON, "not_json", "truncated", b"{\x00", 2)
        opened.write(
            replace(
                result(opened, deployment, scored, state),
                last_offset=13,
                alerts=[RaisedAlert(12, raised)],
                quarantined=[refused],
                outbox=[OutboxMessage("fraud", b"8", b"\x00value", AT_ONCE)],
                repeats=2,
            )
        )

    assert world.scored() == [
        (10, 8, 5, "USD", 0.25, False),
        (11, 7, None, None, 0.5, True),
        (12, 8, 6, "USD", 0.75, True),
    ]
    assert world.slices() == [(1, 10, 13, 0, 3, 1, 2)]
    assert world.told() == ([12], [13], [("fraud", b"\x00value")])


def test_the_position_stands_behind_the_last_record(world: SliceWorld) -> None:
    deployment = world.deploy()
    store = world.store()
    take(store, PART, deployment, 7, 8, first_offset=40)

    with store.open(PART) as opened:
        assert opened.next_offset == 42
    with store.open(OTHER_PART) as opened:
        assert opened.next_offset == 0
    with store.open(replace(PART, topic_id=str(uuid.UUID(int=2)))) as opened:
        assert opened.next_offset == 0


def test_a_state_is_found_again_and_is_zero_before(world: SliceWorld) -> None:
    deployment = world.deploy()
    store = world.store()
    _, first = take(store, PART, deployment, 9, 7)
    _, second = take(store, PART, deployment, 8, 9, first_offset=2, id_=200)

    assert first.shape == (2, CUSTOMER_STATE_WIDTH)
    assert first.sum() == 0
    assert second.tolist() == [[0.0] * CUSTOMER_STATE_WIDTH, [1.0] * CUSTOMER_STATE_WIDTH]


def test_states_of_another_catalogue_version_are_other_states(world: SliceWorld) -> None:
    take(store := world.store(), PART, world.deploy(), 7)

    with store.open(PART) as opened:
        assert opened.lock_states(2, ints(7)).sum() == 0


def test_an_exception_undoes_everything(world: SliceWorld) -> None:
    deployment = world.deploy()
    store = world.store()

    def interrupted() -> None:
        with store.open(PART) as opened:
            opened.reserve(ids(1), ints(1), ints(0))
            state = opened.lock_states(1, ints(7))
            opened.write(result(opened, deployment, rows(payments(ids(1), ints(7), ints(5))), state + 1.0))
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        interrupted()

    assert world.slices() == []
    assert world.scored() == []
    with store.open(PART) as opened:
        assert opened.next_offset == 0
        assert opened.reserve(ids(1), ints(1), ints(0)).fresh.tolist() == [True]
        assert opened.lock_states(1, ints(7)).sum() == 0


def test_an_id_stands_for_what_it_was_first_seen_with(world: SliceWorld) -> None:
    store = world.store()
    with store.open(PART) as opened:
        first = opened.reserve(ids(2, 5), ints(-20, 50), ints(0, 1))
    with store.open(OTHER_PART) as opened:
        second = opened.reserve(ids(1, 2, 3, 5), ints(10, 21, 30, 50), ints(0, 1, 2, 3))

    assert first.fresh.tolist() == [True, True]
    assert first.body_hash.tolist() == [-20, 50]
    assert second.fresh.tolist() == [True, False, True, False]
    assert second.body_hash.tolist() == [10, -20, 30, 50]


def test_ids_that_end_in_zero_bytes_are_told_apart(world: SliceWorld) -> None:
    high = [1 << 120, 2 << 120, (2 << 120) + (1 << 64)]
    with (store := world.store()).open(PART) as opened:
        opened.reserve(ids(high[0], high[2]), ints(1, 3), ints(0, 1))
    with store.open(PART) as opened:
        again = opened.reserve(ids(*high), ints(10, 20, 30), ints(0, 1, 2))

    assert again.fresh.tolist() == [False, True, False]
    assert again.body_hash.tolist() == [1, 20, 3]


def test_nothing_to_reserve_and_nobody_to_look_up_is_fine(world: SliceWorld) -> None:
    nothing = ints()
    with world.store().open(PART) as opened:
        assert len(opened.reserve(ids(), nothing, nothing).fresh) == 0
        assert opened.lock_states(1, nothing).shape == (0, CUSTOMER_STATE_WIDTH)
        snapshot = opened.snapshot(1, nothing, nothing)

    assert snapshot.customer_risk.shape == (0, CUSTOMER_RISK_WIDTH)
    assert snapshot.merchant_risk.shape == (0, MERCHANT_RISK_WIDTH)


def test_risk_rows_come_in_the_order_asked_for_with_their_label_turn(world: SliceWorld) -> None:
    world.put_risk(7, np.full(CUSTOMER_RISK_WIDTH, 0.5), 5, np.full(MERCHANT_RISK_WIDTH, 0.25), label_seq=12)
    with world.store().open(PART) as opened:
        snapshot = opened.snapshot(1, ints(9, 7), ints(5, ABSENT))

    assert snapshot.label_seq == 12
    assert snapshot.customer_risk.sum(axis=1).tolist() == [0.0, 0.5 * CUSTOMER_RISK_WIDTH]
    assert snapshot.merchant_risk.sum(axis=1).tolist() == [0.25 * MERCHANT_RISK_WIDTH, 0.0]


def test_a_newer_run_fences_an_older_one_off(world: SliceWorld) -> None:
    deployment = world.deploy()
    store = world.store()
    take(store, PART, deployment, 7)
    world.begin_run(PART.topic_id, 2)

    with pytest.raises(Fenced, match="newer run"), store.open(PART):
        pass
    with pytest.raises(Fenced, match="newer run"), store.open(OTHER_PART):
        pass
    with store.open(replace(PART, epoch=2)) as opened:
        assert opened.next_offset == 1


def test_the_deployment_is_the_active_one_and_its_artefact_is_there(world: SliceWorld) -> None:
    with pytest.raises(ModelUnavailable, match="no model is deployed"), world.store().open(PART) as opened:
        opened.deployment()
    deployment = world.deploy()

    with world.store().open(PART) as opened:
        assert opened.deployment() == deployment
        assert opened.artefact(deployment.digest) == b"artefact"
    with pytest.raises(ModelUnavailable, match="no model artefact"), world.store().open(PART) as opened:
        opened.artefact("f" * 64)


def test_slices_that_share_a_new_customer_wait_for_each_other(world: SliceWorld) -> None:
    deployment = world.deploy()
    second: list[tuple[int, Floats]] = []
    later = threading.Thread(
        target=lambda: second.append(take(world.store(), OTHER_PART, deployment, 8, 7, id_=200)), daemon=True
    )
    with world.store().open(PART) as opened:
        state = opened.lock_states(1, ints(7))
        later.start()
        later.join(0.3)
        assert second == []
        taken = result(opened, deployment, rows(payments(ids(1), ints(7), ints(5))), state + 1.0)
        opened.write(taken)
    later.join(30)

    assert second[0][0] > taken.slice_id
    assert second[0][1][:, 0].tolist() == [1.0, 0.0]


CHALLENGER = Shadow("8", OTHER_DIGEST, 1)


@pytest.mark.parametrize(
    ("challenger", "found"),
    [
        (CHALLENGER, CHALLENGER),
        (replace(CHALLENGER, catalogue_version=2), None),
        (replace(CHALLENGER, digest=DIGEST), None),
    ],
    ids=["another model", "of another catalogue", "the one at work"],
)
def test_a_challenger_is_another_model_on_the_same_catalogue(
    world: SliceWorld, challenger: Shadow, found: Shadow | None
) -> None:
    deployment = world.deploy()
    world.challenge(challenger)
    with world.store().open(PART) as opened:
        assert opened.deployment() == deployment
        assert opened.shadow() == found


def test_without_a_challenger_there_is_none(world: SliceWorld) -> None:
    world.deploy()
    with world.store().open(PART) as opened:
        opened.deployment()
        assert opened.shadow() is None


def test_a_challengers_scores_are_stored_with_the_slice_and_undone_with_it(world: SliceWorld) -> None:
    deployment = world.deploy()
    store = world.store()

    def shadowed(part: LogPart, number: int, *, stop: bool) -> None:
        with store.open(part) as opened:
            opened.reserve(ids(number, number + 1), ints(1, 2), ints(number, number + 1))
            state = opened.lock_states(1, ints(7))
            scored = rows(payments(ids(number, number + 1), ints(7, 7), ints(5, 5)), first_offset=number)
            says = ShadowScores(OTHER_DIGEST, np.array([0.125, float("nan") if stop else 0.5]))
            opened.write(replace(result(opened, deployment, scored, state), shadow=says))
            if stop:
                raise KeyError("stop")

    shadowed(PART, 1, stop=False)
    shadowed(OTHER_PART, 1 << 40, stop=False)
    with pytest.raises(KeyError, match="stop"):
        shadowed(PART, 3, stop=True)

    assert world.shadow_scores() == [
        (OTHER_DIGEST, partition, first + row, score)
        for partition, first in ((0, 1), (1, 1 << 40))
        for row, score in ((0, 0.125), (1, 0.5))
    ]
