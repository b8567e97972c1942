"""What must not be readable where it doesn't belong: numbers that look like a card's, and passwords in addresses."""

import re

CARD_NUMBER = r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])"
"""A run of 13 to 19 digits, in groups or not."""
_UUID = r"(?<![0-9a-fA-F-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F-])"
_PASSWORD = r"(?<=://)([^\s:/@]+):[^\s@]+@"  # noqa: S105 - a pattern
_IN_BYTES = re.compile(CARD_NUMBER.encode())
_IN_TEXT = re.compile(f"(?P<id>{_UUID})|(?P<card>{CARD_NUMBER})")
_ADDRESS = re.compile(_PASSWORD)


def masked_bytes(raw: bytes) -> bytes:
    """Bytes with every card-like number reduced to its last four digits."""
    return _IN_BYTES.sub(lambda match: b"*" * (len(digits := match.group()) - 4) + digits[-4:], raw)


def masked_text(text: str) -> str:
    """The same of text, in which ids (UUIDs) stay as they are; an address shows its user, and no password."""
    return _ADDRESS.sub(r"\1:***@", _IN_TEXT.sub(_but_for_ids, text))


def _but_for_ids(match: re.Match[str]) -> str:
    found = match.group()
    return found if match["id"] else "*" * (len(found) - 4) + found[-4:]
