"""Rows of somebody's own table become payments of the contract, or say which cell is wrong and what would be right."""

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraudstream.contracts.transaction import parse_transaction
from fraudstream.errors import ConfigurationError, ImpossibleRequest
from fraudstream.tabular.mapping import TableMap
from fraudstream.tabular.payments import PaymentReader, number_of
from fraudstream.tabular.reading import Problem, Table

LATEST = 1_800_000_000.0
GERMAN = "user_id=#Kunde,amount=Betrag,timestamp=Zeit,location:=Chicago,payment_method:=Debit Card"
GERMAN_TERMS = f"{GERMAN},merchant_category:=Travel,decimal:=comma,time:=%d.%m.%Y %H:%M,zone:=Europe/Berlin"
ROW = "7,12.5,2025-11-24T10:00:00,Travel,Miami,PayPal"
HEADING = "user_id,amount,timestamp,merchant_category,location,payment_method"


def read(content: str | bytes, how: str = "") -> list[tuple[int, dict[str, Any]] | Problem]:
    raw = content if isinstance(content, bytes) else content.encode()
    made = TableMap.read(how)
    found = PaymentReader(made.table(io.BytesIO(raw), "x.csv"), made, latest=LATEST).payments()
    return [each if isinstance(each, Problem) else (each[0], json.loads(each[1])) for each in found]


def the_problem(cells: str, heading: str = HEADING, how: str = "") -> Problem:
    (found,) = read(f"{heading}\n{cells}\n", how)
    assert isinstance(found, Problem)
    return found


def test_a_foreign_table_is_read_as_its_map_says() -> None:
    content = "Kunde;Betrag;Zeit;Rest\nK-1;1.234,50;24.11.2025 10:00;x\nK-1;7,5;24.07.2025 10:00;x\n"
    first, second = read(content, GERMAN_TERMS)

    assert not isinstance(first, Problem)
    assert not isinstance(second, Problem)
    assert (first[1]["amount"], second[1]["amount"]) == (1234.5, 7.5)
    assert first[1]["user_id"] == second[1]["user_id"] == number_of("K-1")
    assert (first[1]["timestamp"], second[1]["timestamp"]) == ("2025-11-24T09:00:00+00:00", "2025-07-24T08:00:00+00:00")
    assert first[1]["transaction_id"] != second[1]["transaction_id"]


def test_the_same_file_makes_the_same_payments_and_another_file_others() -> None:
    assert read(f"{HEADING}\n{ROW}\n") == read(f"{HEADING}\n{ROW}\n") != read(f"{HEADING}\n{ROW}\n\n")


@pytest.mark.parametrize(
    ("cells", "column", "value", "reason"),
    [
        (
            ROW.replace("12.5", "12,5").replace("7,", '7,"').replace(",2025", '",2025'),
            "amount",
            "12,5",
            "decimal:=comma",
        ),
        (ROW.replace("12.5", "-1"), "amount", "-1", "a number from 0 to 1,000,000"),
        (ROW.replace("12.5", "nan"), "amount", "nan", "a number from 0"),
        (ROW.replace("12.5", ""), "amount", "", "is empty, and every payment has a amount"),
        (ROW.replace("7,", "K7,"), "user_id", "K7", "user_id=#COLUMN"),
        (ROW.replace("7,", "99999999999999999999,"), "user_id", "99999999999999999999", "63 bits"),
        (ROW.replace("Miami", "Berlin"), "location", "Berlin", "one of New York, Los Angeles"),
        (ROW.replace("2025-11-24", "24.11.2025"), "timestamp", "24.11.2025T10:00:00", "time:="),
        (ROW.replace("2025", "2199"), "timestamp", "2199-11-24T10:00:00", "in the future"),
        (ROW + ",more", "", "", "has 7 cells, the heading has 6"),
    ],
)
def test_a_wrong_cell_is_named_with_what_would_be_right(cells: str, column: str, value: str, reason: str) -> None:
    found = the_problem(cells)

    assert (found.line, found.column, found.value) == (2, column, value)
    assert reason in found.reason
    assert found.sentence.startswith("line 2")


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    content = f'{HEADING},note\n{ROW},"two\nlines"\n\nx,{ROW.partition(",")[2]},\n'
    good, bad = read(content)

    assert not isinstance(good, Problem)
    assert isinstance(bad, Problem)
    assert (good[0], bad.line) == (2, 5)


def test_text_that_is_not_of_its_encoding_is_told_and_read_in_the_right_one() -> None:
    raw = f"{HEADING},Ort\n{ROW},".encode() + "Köln\n".encode("latin-1")
    (found,) = read(raw)
    (good,) = read(raw, "encoding:=latin-1")

    assert isinstance(found, Problem)
    assert "encoding:=latin-1" in found.reason
    assert not isinstance(good, Problem)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("amount=Betrg", "there is no column Betrg; did you mean Betrag"),
        ("amout=Betrag", "no field amout; did you mean amount"),
        ("amount", "'amount' is no pair"),
        ("amount=#Betrag", "amount is no name"),
        ("amount=Betrag,amount=Betrag", "named twice"),
        ("amount=Betrag", "no column is user_id, timestamp"),
        ("zone:=Mars", "no time zone Mars"),
        ("decimal:=x", "not 'x'"),
        ("encoding:=x-1", "no encoding x-1"),
    ],
)
def test_a_map_that_does_not_fit_says_why(how: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence.replace("(", r"\(")):
        read("Betrag;x\n1;2\n", how)


@pytest.mark.parametrize("content", ["", "\n1,2\n", "a,a\n"])
def test_a_table_without_a_heading_is_refused(content: str) -> None:
    with pytest.raises(ConfigurationError, match="heading"):
        read(content)


@pytest.mark.parametrize("cells", [("7", "4111111111111111"), ("7", "paid by 5555 5555 5555 4444")])
def test_a_file_with_a_card_number_is_refused_and_the_number_not_repeated(cells: Sequence[str]) -> None:
    table = Table(io.BytesIO(f"user_id,note\n1,x\n{','.join(cells)}\n".encode()), "x.csv")

    with pytest.raises(ImpossibleRequest, match=r"line 3, column note.*fraudstream tokenize") as raised:
        table.check_cards()
    assert cells[1][-8:] not in str(raised.value)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=80))
def test_whatever_stands_in_a_table_ends_in_payments_or_problems(rest: bytes) -> None:
    for found in read(f"{HEADING}\n{ROW}\n".encode() + rest):
        if not isinstance(found, Problem):
            parse_transaction(json.dumps(found[1]).encode(), latest=LATEST)
