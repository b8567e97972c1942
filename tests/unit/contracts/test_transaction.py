"""One parser reads every payment; what it refuses, it refuses with a reason."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from fraudstream.contracts.transaction import encode_transaction, parse_transaction
from fraudstream.errors import MalformedEvent

EVENTS = Path(__file__).parents[2] / "events" / "transactions"
LATEST = dt.datetime(2026, 11, 25, tzinfo=dt.UTC).timestamp()


def a_payment(**changes: object) -> dict[str, Any]:
    payment = json.loads((EVENTS / "version-1.json").read_text())
    payment.update(changes)
    return {name: value for name, value in payment.items() if value is not ...}


def encoded(**changes: object) -> bytes:
    return json.dumps(a_payment(**changes)).encode()


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_recorded_events_parse(path: Path) -> None:
    parsed = parse_transaction(path.read_bytes(), latest=LATEST)

    assert parsed.event_time == dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC).timestamp() + (
        0.123456 if path.stem == "tutorial" else 0
    )


def test_a_timestamp_without_zone_is_utc() -> None:
    naive = parse_transaction(encoded(timestamp="2026-11-24T09:30:00"), latest=LATEST)
    zoned = parse_transaction(encoded(timestamp="2026-11-24T10:30:00+01:00"), latest=LATEST)

    assert naive.event_time == zoned.event_time


def test_the_label_is_split_off_and_does_not_change_the_body() -> None:
    plain = parse_transaction(encoded(), latest=LATEST)
    labelled = parse_transaction(encoded(is_fraud=1), latest=LATEST)

    assert labelled.is_fraud is True
    assert plain.is_fraud is None
    assert labelled.body_hash == plain.body_hash
    assert not hasattr(labelled.transaction, "is_fraud")


def test_a_label_whose_name_is_spelt_with_escapes_is_a_label() -> None:
    plain, escaped = encoded(is_fraud=True), encoded(is_fraud=True).replace(b"is_fraud", rb"is\u005ffraud")

    assert plain != escaped
    assert parse_transaction(escaped, latest=LATEST) == parse_transaction(plain, latest=LATEST)
    assert parse_transaction(escaped, latest=LATEST).is_fraud is True


def test_unknown_fields_and_the_order_of_fields_do_not_change_the_body() -> None:
    plain = parse_transaction(encoded(), latest=LATEST)
    shuffled = json.dumps(dict(sorted(a_payment(extra=[1, {"a": None}]).items()))).encode()

    assert parse_transaction(shuffled, latest=LATEST).body_hash == plain.body_hash


@pytest.mark.parametrize("field", ["user_id", "amount", "timestamp", "merchant_category", "location", "device_id"])
def test_every_known_field_changes_the_body(field: str) -> None:
    other = {"user_id": 7, "amount": 7.5, "timestamp": "2026-11-23T00:00:00Z", "merchant_category": "Travel"}
    changed = encoded(**{field: {**other, "location": "Miami", "device_id": 7}[field]})

    assert parse_transaction(changed, latest=LATEST).body_hash != parse_transaction(encoded(), latest=LATEST).body_hash


def test_what_a_producer_encodes_is_read_back_equal() -> None:
    parsed = parse_transaction(encoded(), latest=LATEST)

    assert parse_transaction(encode_transaction(parsed.transaction), latest=LATEST) == parsed


def test_ten_thousand_unknown_fields_are_ignored() -> None:
    extra = {f"field_{number}": number for number in range(10_000)}

    assert parse_transaction(encoded(**extra), latest=LATEST).transaction.user_id == 1042


REFUSED: list[tuple[str, bytes | None, str]] = [
    ("null value", None, "empty"),
    ("empty value", b"", "empty"),
    ("not JSON", b"hello", "not_json"),
    ("half a record", encoded()[:40], "not_json"),
    ("two records", encoded() + encoded(), "not_json"),
    ("JSON null", b"null", "not_an_object"),
    ("an array", b"[1, 2]", "not_an_object"),
    ("a number", b"12", "not_an_object"),
    ("invalid UTF-8", encoded().replace(b"Chicago", b"Chic\xffgo"), "invalid_utf8"),
    ("invalid UTF-8 in an unknown field", encoded(note="x").replace(b'"x"', b'"\xc3\x28"'), "invalid_utf8"),
    ("a missing id", encoded(transaction_id=...), "invalid_field"),
    ("a missing user", encoded(user_id=...), "invalid_field"),
    ("an id that is no UUID", encoded(transaction_id="42"), "invalid_field"),
    ("a user in words", encoded(user_id="1042"), "invalid_field"),
    ("a fractional user", encoded(user_id=1042.5), "invalid_field"),
    ("a user beyond 64 bits", encoded(user_id=2**63), "invalid_field"),
    ("a negative user", encoded(user_id=-1), "invalid_field"),
    ("an amount in words", encoded(amount="12.50"), "invalid_field"),
    ("NaN", encoded(amount=float("nan")), "not_json"),
    ("Infinity", encoded(amount=float("inf")), "not_json"),
    ("an amount beyond float64", encoded(amount=0).replace(b'"amount": 0', b'"amount": 1e400'), "invalid_field"),
    ("a negative amount", encoded(amount=-0.01), "invalid_field"),
    ("an absurd amount", encoded(amount=1_000_000.01), "invalid_field"),
    ("a null amount", encoded(amount=None), "invalid_field"),
    ("an unparsable time", encoded(timestamp="yesterday"), "invalid_field"),
    ("a time as a number", encoded(timestamp=1_764_000_000), "invalid_field"),
    ("the 30th of February", encoded(timestamp="2026-02-30T00:00:00Z"), "invalid_field"),
    ("a time before 2000", encoded(timestamp="1999-12-31T23:59:59Z"), "timestamp_out_of_range"),
    ("a time after tomorrow", encoded(timestamp="2026-11-26T00:00:00Z"), "timestamp_out_of_range"),
    ("the end of time", encoded(timestamp="9999-12-31T23:59:59-23:59"), "timestamp_out_of_range"),
    ("the beginning of time", encoded(timestamp="0001-01-01T00:00:00+23:59"), "timestamp_out_of_range"),
    ("an unknown category", encoded(merchant_category="Weapons"), "invalid_field"),
    ("SQL for a location", encoded(location="'; DROP TABLE alerts; --"), "invalid_field"),
    ("an unknown payment method", encoded(payment_method="Cheque"), "invalid_field"),
    ("a currency with more behind it", encoded(currency="USD\n"), "invalid_field"),
    ("an unknown channel", encoded(channel="fax"), "invalid_field"),
    ("a label that is no label", encoded(is_fraud="maybe"), "invalid_field"),
    ("deep nesting", b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}", "nested_too_deeply"),
]


@pytest.mark.parametrize(("value", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_bad_record_is_refused_with_its_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(MalformedEvent) as caught:
        parse_transaction(value, latest=LATEST)

    assert caught.value.reason == reason
    assert caught.value.detail
