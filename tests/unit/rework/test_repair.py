"""Single fields of a record are set by hand, checked against its contract; the rest stays."""

import json

import pytest

from fraudstream.contracts.label import Label
from fraudstream.contracts.transaction import IncomingTransaction
from fraudstream.errors import ImpossibleRequest
from fraudstream.rework.repair import changes_of, with_fields

RECORD = {"transaction_id": "7d444840-9dc0-41d1-b245-5ffdce74fad2", "amount": "12,50", "note": {"kept": [1]}}


def repaired(**changes: str) -> dict[str, object]:
    value: dict[str, object] = json.loads(with_fields(json.dumps(RECORD).encode(), changes, IncomingTransaction))
    return value


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("amount", "12.50", 12.5),
        ("user_id", "42", 42),
        ("location", "New York", "New York"),
        ("timestamp", "2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
        ("transaction_id", "00000000-0000-0000-0000-000000000007", "00000000-0000-0000-0000-000000000007"),
        ("merchant_id", "null", None),
        ("channel", "online", "online"),
        ("is_fraud", "true", True),
    ],
)
def test_a_value_is_read_as_what_its_field_holds(field: str, text: str, value: object) -> None:
    assert repaired(**{field: text}) == RECORD | {field: value}


@pytest.mark.parametrize(
    ("field", "text"),
    [("amount", "12,50"), ("amount", "-1"), ("amount", "null"), ("location", "Atlantis"), ("user_id", "4.5")],
)
def test_a_value_that_the_field_cannot_have_is_refused(field: str, text: str) -> None:
    with pytest.raises(ImpossibleRequest, match=f"{field} can't be '{text}': "):
        repaired(**{field: text})


def test_a_field_that_the_contract_does_not_know_is_refused() -> None:
    with pytest.raises(ImpossibleRequest, match="there is no field amuont; there are transaction_id, user_id, amount"):
        repaired(amuont="1")


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b"[1]", b"7", b"[" * 5_000])
def test_what_is_no_object_has_to_be_written_anew(value: bytes) -> None:
    with pytest.raises(ImpossibleRequest, match="write it anew: --file"):
        with_fields(value, {"amount": "1"}, IncomingTransaction)


def test_a_label_is_repaired_by_its_own_contract() -> None:
    assert json.loads(with_fields(b"{}", {"is_fraud": "false"}, Label)) == {"is_fraud": False}
    with pytest.raises(ImpossibleRequest, match="there is no field amount"):
        with_fields(b"{}", {"amount": "1"}, Label)


def test_changes_are_written_with_an_equals_sign_once_each() -> None:
    assert changes_of(["amount=1", "currency=a=b"]) == {"amount": "1", "currency": "a=b"}
    with pytest.raises(ImpossibleRequest, match="'amount' is no change"):
        changes_of(["amount"])
    with pytest.raises(ImpossibleRequest, match="amount is set twice"):
        changes_of(["amount=1", "amount=2"])
