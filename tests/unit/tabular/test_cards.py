"""Card numbers are found wherever they stand, and little else is taken for one."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraudstream.tabular.cards import has_card, is_card, is_only_card, replaced

CARDS = ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "4222222222222")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("around", ["{}", " {} ", "card {}, thanks", "({})", "pan={};", "no. {} of 12/27"])
def test_a_card_number_is_found_in_any_surroundings(card: str, around: str) -> None:
    assert has_card(around.format(card))
    assert replaced(around.format(card), lambda digits: f"<{digits}>") == around.format(f"<{card}>")


@pytest.mark.parametrize("written", ["4111 1111 1111 1111", "4111-1111-1111-1111"])
def test_groups_make_no_difference(written: str) -> None:
    assert is_only_card(written)
    assert replaced(written, str) == "4111111111111111"


@pytest.mark.parametrize(
    "text",
    [
        *("", "4111111111111112", "1234567890123452", "41111111111111", "0000000000000000", "5555555555555555"),
        *("20251124100000", "2025-11-24 10:00:00", "1764000000000", "123.4111111111111111", "4111111111111111.5"),
        *(
            "A4111111111111111",
            "41111111111111110000000",
            "tok_4111111111111111",
            "24900008-5900-4500-8150-330986042351",
        ),
    ],
)
def test_what_is_none_is_left_alone(text: str) -> None:
    assert not has_card(text)
    assert replaced(text, lambda _: "gone") == text


@settings(deadline=None)
@given(st.uuids())
def test_no_id_is_taken_for_a_card(found: uuid.UUID) -> None:
    assert not has_card(str(found))


@settings(deadline=None, max_examples=20)
@given(st.from_regex(r"4[0-9]{14}", fullmatch=True))
def test_of_ten_last_digits_one_is_right(digits: str) -> None:
    assert sum(is_card(f"{digits}{last}") for last in range(10)) == 1
