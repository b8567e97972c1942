"""Quarantined bytes are recognisable, bounded, and hold no card number."""

import pytest

from fraudstream.contracts.quarantine import RAW_LIMIT, masked


@pytest.mark.parametrize("number", [b"4111111111111111", b"4111 1111 1111 1111", b"4111-1111-1111-1111"])
def test_card_numbers_keep_their_last_four_digits(number: bytes) -> None:
    kept = masked(b'{"card": "' + number + b'"}')

    assert number not in kept
    assert b"1111" in kept
    assert kept.count(b"*") == len(number) - 4


def test_a_card_number_across_the_limit_is_masked_too() -> None:
    kept = masked(b"x" * (RAW_LIMIT - 8) + b"4111111111111111")

    assert kept.endswith(b"*" * 8)
    assert len(kept) == RAW_LIMIT


def test_ordinary_numbers_stay() -> None:
    raw = b'{"user_id": 1042, "amount": 129.95}'

    assert masked(raw) == raw


def test_a_missing_value_is_empty() -> None:
    assert masked(None) == b""
