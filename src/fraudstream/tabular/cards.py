"""Card numbers in a text: what looks like one, and is not by chance."""

import re
from collections.abc import Callable

from fraudstream.card_numbers import luhn_valid

_NETWORK = r"(?:2[2-7]|3[04-9]|[456]\d)"
"""How the numbers of payment networks begin; dates and times in digits begin otherwise."""
_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
"""A UUID: groups of it may happen to be digits."""
_CANDIDATE = re.compile(rf"{_ID}|(?<![\w.,])(?P<card>{_NETWORK}(?:[ -]?\d){{11,17}})(?!\w|[.,]\d)", re.ASCII)
"""13 to 19 digits, in groups or not; no part of a longer word or of a decimal number."""
_GAPS = re.compile(r"[ -]")
SHORTEST = 13


def is_card(digits: str) -> bool:
    """Whether these are the digits of a card number: 13 to 19 as a network gives them, the last one right (Luhn)."""
    if not re.fullmatch(rf"{_NETWORK}[0-9]{{11,17}}", digits, re.ASCII) or len(set(digits)) == 1:
        return False
    return luhn_valid(digits.encode())


def has_card(text: str) -> bool:
    """Whether a card number stands somewhere in the text."""
    if len(text) < SHORTEST:
        return False
    return any(found["card"] is not None and is_card(_digits(found["card"])) for found in _CANDIDATE.finditer(text))


def is_only_card(text: str) -> bool:
    """Whether the text is a card number and nothing else."""
    return is_card(_digits(text.strip()))


def replaced(text: str, token_of: Callable[[str], str]) -> str:
    """The text with `token_of` the digits of each card number in the number's place."""

    def instead(found: re.Match[str]) -> str:
        digits = _digits(found["card"] or "")
        return token_of(digits) if is_card(digits) else found[0]

    return _CANDIDATE.sub(instead, text)


def _digits(text: str) -> str:
    return _GAPS.sub("", text)
