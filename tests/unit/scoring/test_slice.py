"""Each record of a slice ends in exactly one place, and only new payments move a customer's state."""

import datetime as dt
import json
import uuid
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.scoring.world import ALERTING_AMOUNT, DAY, ScoredLog, a_model, a_payment, encoded

from fraudstream.contracts.alert import alert_id_for, parse_alert
from fraudstream.contracts.label import parse_label
from fraudstream.contracts.topics import ALERTS, LABELS, QUARANTINE
from fraudstream.errors import Fenced, ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.state import MERCHANT_RISK_WIDTH
from fraudstream.scoring.slice import SliceSummary

AN_ID = "6f0d9f5e-6c1f-4a57-9f2e-0c8e7a0b4d11"
LONG_NESTED = b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"

BAD: list[tuple[str, bytes | None, str]] = [
    ("a null value", None, "empty"),
    ("an empty value", b"", "empty"),
    ("no JSON", b"hello", "not_json"),
    ("JSON that is no object", b"[1, 2]", "not_an_object"),
    ("invalid UTF-8", encoded().replace(b"Chicago", b"Chic\xffgo"), "invalid_utf8"),
    ("a wrong type", encoded(user_id="1042"), "invalid_field"),
    ("a missing field", encoded(location=...), "invalid_field"),
    ("NaN", encoded(amount=float("nan")), "not_json"),
    ("Infinity", encoded(amount=float("inf")), "not_json"),
    ("a negative amount", encoded(amount=-1), "invalid_field"),
    ("an absurd amount", encoded(amount=1e12), "invalid_field"),
    ("an unparsable time", encoded(timestamp="yesterday"), "invalid_field"),
    ("a time before 2000", encoded(timestamp="1999-12-31T23:59:59Z"), "timestamp_out_of_range"),
    ("a time far in the future", encoded(timestamp="2999-01-01T00:00:00Z"), "timestamp_out_of_range"),
    ("deep nesting", LONG_NESTED, "nested_too_deeply"),
    ("SQL for a location", encoded(location="'; DROP TABLE alerts; --"), "invalid_field"),
    ("an unknown category", encoded(merchant_category="Weapons"), "invalid_field"),
    ("a NUL in a value", encoded(payment_method="\x00"), "invalid_field"),
]


@pytest.mark.parametrize(("value", "reason"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_record_is_quarantined_and_the_customer_goes_on_as_if_it_had_never_been(
    value: bytes | None, reason: str
) -> None:
    before, after = encoded(), encoded(transaction_id=AN_ID, amount=99.0)
    log, undisturbed = ScoredLog(), ScoredLog()
    summary = log.take(before, value, after)
    undisturbed.take(before, after)

    assert summary == SliceSummary(scored=2, quarantined=1)
    assert log.fates() == {0: "scored", 1: reason, 2: "scored"}
    np.testing.assert_array_equal(log.vectors()[AN_ID], undisturbed.vectors()[AN_ID])


def test_ten_thousand_unknown_fields_and_a_value_just_under_the_limit_are_scored() -> None:
    many = encoded(**{f"field_{number}": number for number in range(10_000)})
    large = encoded(note="x" * 999_500)

    assert ScoredLog().take(many, large) == SliceSummary(scored=2)


def test_the_same_payment_twice_is_counted_and_does_not_move_the_state() -> None:
    first, second = encoded(), encoded(transaction_id=AN_ID)
    log, undisturbed = ScoredLog(), ScoredLog()
    summary = log.take(first, first, second, first)
    undisturbed.take(first, second)

    assert summary == SliceSummary(scored=2, repeats=2)
    np.testing.assert_array_equal(log.vectors()[AN_ID], undisturbed.vectors()[AN_ID])


def test_a_repeat_in_a_later_slice_is_a_repeat_too() -> None:
    payment = a_payment()
    log = ScoredLog()
    log.take(json.dumps(payment).encode())
    reordered = json.dumps(dict(reversed(payment.items())) | {"is_fraud": 1, "note": "again"}).encode()

    assert log.take(reordered) == SliceSummary(repeats=1)
    assert log.store.states[CATALOGUE_VERSION, 1042][0] == 1.0


@pytest.mark.parametrize("changes", [{"amount": 13.0}, {"user_id": 7}, {"amount": 13.0, "user_id": 7}])
def test_an_id_with_another_body_or_user_is_a_conflict(changes: dict[str, object]) -> None:
    log = ScoredLog()
    summary = log.take(encoded(transaction_id=AN_ID), encoded(transaction_id=AN_ID, **changes))
    log.take(encoded(transaction_id=AN_ID, **changes))

    assert summary == SliceSummary(scored=1, quarantined=1)
    assert log.fates() == {0: "scored", 1: "conflicting_id", 2: "conflicting_id"}
    assert set(log.store.states) == {(CATALOGUE_VERSION, 1042)}


def test_of_two_bodies_with_one_id_the_first_in_the_log_counts() -> None:
    first, other = encoded(transaction_id=AN_ID, amount=1.0), encoded(transaction_id=AN_ID, amount=2.0)
    log = ScoredLog()

    assert log.take(first, other, first, other) == SliceSummary(scored=1, quarantined=2, repeats=1)
    assert log.fates() == {0: "scored", 1: "conflicting_id", 3: "conflicting_id"}


def test_a_replay_of_committed_records_does_nothing() -> None:
    log = ScoredLog()
    log.take(encoded(), b"bad", encoded())

    assert log.replay(0) == SliceSummary()
    assert len(log.store.slices) == 1


def test_a_replay_that_reaches_further_takes_only_what_is_new() -> None:
    values = [encoded(transaction_id=str(uuid.UUID(int=number)), amount=number) for number in range(1, 7)]
    whole, recut = ScoredLog(), ScoredLog()
    whole.take(*values)
    recut.records.extend(values)
    summaries = [recut.replay(0, 2), recut.replay(0, 4), recut.replay(1)]

    assert summaries == [SliceSummary(scored=2)] * 3
    assert recut.vectors().keys() == whole.vectors().keys()
    for id_, vector in whole.vectors().items():
        np.testing.assert_array_equal(recut.vectors()[id_], vector)


def test_a_slice_of_bad_records_alone_moves_the_position() -> None:
    log = ScoredLog()
    log.take(b"bad", None)

    assert log.store.positions[log.part.topic_id, 0] == (2, 1)
    assert log.store.slices[0].result.first_offset == 0


def test_labels_count_only_from_when_they_were_applied() -> None:
    log = ScoredLog()
    log.take(encoded(transaction_id=AN_ID))
    log.store.merchant_risk[CATALOGUE_VERSION, 311] = np.full(MERCHANT_RISK_WIDTH, 1.0)
    log.store.label_seq = 5
    log.take(encoded(transaction_id=str(uuid.UUID(int=9))), encoded(merchant_id=...))

    assert [committed.result.label_seq for committed in log.store.slices] == [0, 5]
    known = ScoredLog()
    known.take(encoded(), encoded(transaction_id=str(uuid.UUID(int=9))))
    different = log.vectors()[str(uuid.UUID(int=9))] != known.vectors()[str(uuid.UUID(int=9))]
    assert different.any()


def test_a_label_inside_a_payment_leaves_it_and_waits_for_its_arrival() -> None:
    log, without = ScoredLog(label_delay=4 * DAY), ScoredLog()
    log.take(encoded(transaction_id=AN_ID, is_fraud=1), encoded(is_fraud=0), encoded())
    without.take(encoded(transaction_id=AN_ID))

    first, second = log.outbox(LABELS)
    label = parse_label(first.value)
    paid = dt.datetime(2025, 11, 24, 15, 59, tzinfo=dt.UTC)
    assert (label.transaction_id, label.user_id, label.is_fraud, label.source) == (
        uuid.UUID(AN_ID),
        1042,
        True,
        "event",
    )
    assert label.arrived_at == paid + dt.timedelta(days=4)
    assert first.not_before == label.arrived_at.timestamp()
    assert (first.key, parse_label(second.value).is_fraud) == (b"1042", False)
    np.testing.assert_array_equal(log.vectors()[AN_ID], without.vectors()[AN_ID])


def test_an_absurd_label_delay_ends_with_the_calendar() -> None:
    log = ScoredLog(label_delay=1e15)
    log.take(encoded(is_fraud=1))

    assert parse_label(log.outbox(LABELS)[0].value).arrived_at.year == 9999


def test_a_repeated_or_conflicting_payment_does_not_send_its_label() -> None:
    log = ScoredLog()
    log.take(*[encoded(transaction_id=AN_ID, amount=amount, is_fraud=1) for amount in (1.0, 1.0, 2.0)])

    assert len(log.outbox(LABELS)) == 1


def test_a_high_score_raises_an_alert_with_reasons_and_a_message() -> None:
    log = ScoredLog()
    summary = log.take(encoded(), encoded(transaction_id=AN_ID, amount=ALERTING_AMOUNT + 1, currency="EUR"))

    ((raised,), (message,)) = (log.store.slices[0].result.alerts, log.outbox(ALERTS))
    alert = parse_alert(message.value)
    assert summary == SliceSummary(scored=2, alerts=1)
    assert alert == raised.alert
    assert (raised.offset, message.key, message.not_before) == (1, b"1042", 0.0)
    assert alert.alert_id == alert_id_for(uuid.UUID(AN_ID))
    assert (alert.amount, alert.currency, alert.model_version, alert.threshold) == (501.0, "EUR", "1", 0.5)
    assert alert.score > 0.95
    assert [reason.feature for reason in alert.reasons] == ["amount"]


def test_the_deployments_threshold_decides() -> None:
    log = ScoredLog()
    log.store.active = replace(log.deploy(a_model()), threshold=0.99)

    assert log.take(encoded(amount=ALERTING_AMOUNT + 1)).alerts == 0


def test_another_model_is_used_from_the_next_slice_on() -> None:
    log = ScoredLog()
    log.take(encoded())
    log.deploy(a_model(version="2", threshold=0.01), version="2")
    summary = log.take(encoded())

    assert summary.alerts == 1
    assert [committed.result.deployment.model_version for committed in log.store.slices] == ["1", "2"]


def test_a_quarantined_record_is_told_with_its_place_and_masked_bytes() -> None:
    log = ScoredLog()
    log.take(b'{"card": "4111111111111111"}' + b" " * 5_000)

    (message,) = log.outbox(QUARANTINE)
    told = json.loads(message.value)
    assert message.key == b"transaction-events/0/0"
    assert (told["topic"], told["partition"], told["offset"], told["raw_size"]) == ("transaction-events", 0, 0, 5_028)
    assert b"4111111111111111" not in log.quarantined()[0].raw
    assert len(log.quarantined()[0].raw) == 2_048


def test_without_a_deployment_nothing_is_committed() -> None:
    log = ScoredLog()
    log.store.active = None

    with pytest.raises(ModelUnavailable, match="no model is deployed"):
        log.take(encoded())
    assert log.store.positions == {}
    assert log.store.ids == {}


def test_an_older_run_commits_nothing() -> None:
    log = ScoredLog()
    log.store.newest_epoch[log.part.topic_id] = 2

    with pytest.raises(Fenced, match="newer run"):
        log.take(encoded())


ANY_VALUE = st.one_of(
    st.none(),
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(
        st.sampled_from(sorted(a_payment())),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(...),
        max_size=3,
    ).map(lambda changes: encoded(**changes)),
    st.sampled_from([1, 2, 3]).map(lambda number: encoded(transaction_id=str(uuid.UUID(int=number)))),
    st.tuples(st.integers(0, 250), st.binary(min_size=1, max_size=3)).map(
        lambda damage: encoded()[: damage[0]] + damage[1] + encoded()[damage[0] + 1 :]
    ),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(ANY_VALUE, max_size=6), max_size=4))
def test_whatever_stands_in_the_log_ends_in_exactly_one_place(slices: list[list[bytes | None]]) -> None:
    log = ScoredLog()
    for values in slices:
        summary = log.take(*values)
        assert summary.scored + summary.quarantined + summary.repeats == len(values)
    results = [committed.result for committed in log.store.slices]

    placed = [int(offset) for r in results for offset in r.scored.offset]
    placed += [row.offset for r in results for row in r.quarantined]
    assert len(set(placed)) == len(placed)
    assert len(placed) + sum(r.repeats for r in results) == len(log.records)
    assert all(np.isfinite(r.scored.features).all() for r in results)
    assert all(0.0 <= score <= 1.0 for r in results for score in r.scored.score)
    assert all(len(row.detail) <= 200 and row.detail.isprintable() for row in log.quarantined())


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 8), st.floats(0, 900)), max_size=12), st.data())
def test_any_cut_of_the_log_into_slices_gives_the_same_rows(
    drawn: list[tuple[int, int, float]], data: st.DataObject
) -> None:
    values = [
        encoded(user_id=user, transaction_id=str(uuid.UUID(int=number)), amount=round(amount, 2))
        for user, number, amount in drawn
    ]
    whole, cut = ScoredLog(), ScoredLog()
    whole.take(*values)
    rest = values
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        cut.take(*rest[:size])
        rest = rest[size:]

    assert cut.fates() == whole.fates()
    for id_, vector in whole.vectors().items():
        np.testing.assert_array_equal(cut.vectors()[id_], vector)
