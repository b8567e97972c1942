import datetime as dt
import json
import uuid

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraudstream.adapters.memory_labels import LabelFacts, MemoryLabelStore
from fraudstream.contracts.label import Label, encode_label
from fraudstream.features.label_history import UNLABELLED, apply_step, customer_rows, merchant_rows
from fraudstream.features.state import CUSTOMER_RISK_WIDTH
from fraudstream.feedback.applier import Applied, LabelApplier
from fraudstream.ports.labels import LabelledPayment, LabelRow, history_of
from fraudstream.ports.records import Record

TOPIC_ID = str(uuid.UUID(int=77))
NOW = 1_764_000_000.0
ARRIVED = dt.datetime.fromtimestamp(NOW - 3_600, dt.UTC)


def payment_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def a_payment(number: int) -> LabelledPayment:
    merchant = None if number == 0 else 200 + number % 2
    return LabelledPayment(100 + number % 3, merchant, NOW - 86_400.0 * number, 10.0, 0.5 + number)


def a_label(number: int, *, is_fraud: bool = True) -> bytes:
    label = Label(transaction_id=payment_id(number), user_id=999, is_fraud=is_fraud, arrived_at=ARRIVED)
    return encode_label(label)


def records(*values: bytes | None, first: int = 0) -> list[Record]:
    return [Record("labels", 0, first + row, None, value, NOW) for row, value in enumerate(values)]


def a_store(*payments: int, base: int | None = 0) -> MemoryLabelStore:
    return MemoryLabelStore(LabelFacts(base=base, payments={payment_id(n): a_payment(n) for n in payments}))


def an_applier(store: MemoryLabelStore) -> LabelApplier:
    return LabelApplier(store, "labels", TOPIC_ID, dt.timedelta(days=1))


def rows_in_turn(store: MemoryLabelStore) -> list[LabelRow]:
    return sorted((row for row in store.facts.labels.values() if row.label_seq), key=lambda row: row.label_seq or 0)


def assert_risk_is_the_fold(store: MemoryLabelStore) -> None:
    """The stored rows are what one fold over all turns gives."""
    rows = rows_in_turn(store)
    customers, merchants = customer_rows(np.array([100, 101, 102])), merchant_rows(np.array([200, 201]))
    if rows:
        apply_step(history_of(rows), np.full(len(rows), UNLABELLED, np.int16), customers, merchants)
    nothing = np.zeros(CUSTOMER_RISK_WIDTH)
    for row, key in enumerate(customers.keys.tolist()):
        assert store.facts.customer_risk.get(key, nothing).tobytes() == customers.rows[row].tobytes()
    for row, key in enumerate(merchants.keys.tolist()):
        stored = store.facts.merchant_risk.get(key)
        assert not merchants.rows[row].any() if stored is None else stored.tobytes() == merchants.rows[row].tobytes()


def test_a_label_of_a_scored_payment_takes_the_next_turn_and_moves_risk() -> None:
    store = a_store(1)

    applied = an_applier(store).apply(records(a_label(1)))

    assert applied == Applied(turns=1)
    assert [row.label_seq for row in rows_in_turn(store)] == [1]
    assert store.facts.label_seq == 1
    assert store.facts.positions == {(TOPIC_ID, 0): 1}
    assert store.facts.customer_risk[101].any()
    assert_risk_is_the_fold(store)


def test_the_customer_is_the_payments_own_whatever_the_label_says() -> None:
    store = a_store(1)

    an_applier(store).apply(records(a_label(1)))

    assert set(store.facts.customer_risk) == {101}


def test_redelivered_records_change_nothing() -> None:
    store = a_store(1, 2)
    applier = an_applier(store)
    batch = records(a_label(1), b"not a label", a_label(2))
    applier.apply(batch)
    before = repr(store.facts)

    applied = applier.apply(batch)

    assert applied == Applied(redelivered=3)
    assert repr(store.facts) == before


def test_a_batch_redelivered_in_part_takes_only_what_is_new() -> None:
    store = a_store(1, 2)
    applier = an_applier(store)
    applier.apply(records(a_label(1)))

    applied = applier.apply(records(a_label(1), a_label(2)))

    assert applied == Applied(turns=1, redelivered=1)
    assert_risk_is_the_fold(store)


def test_a_label_waits_for_its_payment() -> None:
    store = a_store()
    applier = an_applier(store)

    assert applier.apply(records(a_label(1))) == Applied(waiting=1)
    assert applier.release() == Applied()
    store.facts.payments[payment_id(1)] = a_payment(1)
    assert applier.release() == Applied(turns=1)
    assert applier.release() == Applied()
    assert_risk_is_the_fold(store)


def test_a_waiting_label_goes_before_a_later_one_of_its_payment() -> None:
    store = a_store()
    applier = an_applier(store)
    applier.apply(records(a_label(1, is_fraud=True)))
    store.facts.payments[payment_id(1)] = a_payment(1)

    applier.apply(records(a_label(1, is_fraud=False), first=1))

    assert [row.label.is_fraud for row in rows_in_turn(store)] == [True, False]
    assert_risk_is_the_fold(store)


def test_labels_wait_while_no_model_is_deployed() -> None:
    store = a_store(1, base=None)
    applier = an_applier(store)

    assert applier.apply(records(a_label(1))) == Applied(waiting=1)
    store.facts.base = 0
    assert applier.release() == Applied(turns=1)


def test_a_repeated_label_takes_a_turn_without_effect() -> None:
    store = a_store(1)
    applier = an_applier(store)
    applier.apply(records(a_label(1)))
    before = store.facts.customer_risk[101].copy()

    applier.apply(records(a_label(1), first=1))

    assert store.facts.label_seq == 2
    assert store.facts.customer_risk[101].tobytes() == before.tobytes()


def test_a_contradiction_starts_again_from_the_initial_rows() -> None:
    store = a_store(1, 4)
    first = np.zeros(CUSTOMER_RISK_WIDTH)
    first[0] = 5.0
    store.facts.initial_customer_risk[101] = first
    store.facts.customer_risk[101] = first.copy()
    applier = an_applier(store)
    applier.apply(records(a_label(1, is_fraud=True), a_label(4, is_fraud=False)))

    applier.apply(records(a_label(1, is_fraud=False), first=2))

    expected = customer_rows(np.array([101]))
    expected.rows[0] = first
    only_newest = history_of(rows_in_turn(store)[1:])
    apply_step(only_newest, np.full(2, UNLABELLED, np.int16), expected, merchant_rows(np.array([], np.int64)))
    assert store.facts.customer_risk[101].tobytes() == expected.rows[0].tobytes()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"\xff", "not_json"),
        (b"[]", "invalid_field"),
        (b'{"is_fraud": true}', "invalid_field"),
    ],
)
def test_a_record_that_is_no_label_is_refused_with_its_reason(value: bytes | None, reason: str) -> None:
    store = a_store(1)

    applied = an_applier(store).apply(records(value, a_label(1)))

    assert applied == Applied(turns=1, refused=1)
    assert [(item.record.offset, item.reason) for item in store.facts.refused] == [(0, reason)]
    assert store.facts.positions == {(TOPIC_ID, 0): 2}


@pytest.mark.parametrize("arrived_at", ["1999-12-31T23:59:59Z", "9999-12-31T23:59:59-10:00", "2026-06-01T00:00:00Z"])
def test_a_label_that_cannot_have_arrived_is_refused(arrived_at: str) -> None:
    store = a_store(1)
    said = json.loads(a_label(1)) | {"arrived_at": arrived_at}

    an_applier(store).apply(records(json.dumps(said).encode()))

    assert [item.reason for item in store.facts.refused] == ["timestamp_out_of_range"]


def test_a_quoted_value_is_kept_printable_and_masked() -> None:
    store = a_store(1)
    said = json.loads(a_label(1)) | {"source": "4111111111111111\x00"}

    an_applier(store).apply(records(json.dumps(said).encode()))

    detail = store.facts.refused[0].detail
    assert "\x00" not in detail
    assert "4111111111111111" not in detail


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("label"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("payment"), st.integers(0, 5), st.just(value=False)),
        st.tuples(st.just("deliver"), st.integers(0, 3), st.just(value=False)),
        st.tuples(st.just("release"), st.just(0), st.just(value=False)),
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(operations=OPERATIONS)
def test_whatever_happens_every_record_ends_in_one_place_and_risk_is_the_fold_of_all_turns(
    operations: list[tuple[str, int, bool]],
) -> None:
    """Labels before payments, batches delivered again from any earlier offset, contradictions: in any order."""
    store = a_store()
    applier = an_applier(store)
    log: list[Record] = []
    for kind, number, is_fraud in operations:
        if kind == "label":
            log += records(a_label(number, is_fraud=is_fraud) if number else b"broken", first=len(log))
        elif kind == "payment":
            store.facts.payments[payment_id(number)] = a_payment(number)
        elif kind == "deliver":
            stands = store.facts.positions.get((TOPIC_ID, 0), 0)
            applier.apply(log[max(0, stands - number) :])
        else:
            applier.release()
    applier.apply(log)
    applier.release()

    kept = sorted(offset for _, _, offset in store.facts.labels)
    assert sorted([*kept, *(item.record.offset for item in store.facts.refused)]) == list(range(len(log)))
    assert [row.label_seq for row in rows_in_turn(store)] == list(range(1, store.facts.label_seq + 1))
    assert_risk_is_the_fold(store)
