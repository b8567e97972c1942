"""Bytes that nobody vouches for, as they may be shown to people."""

from fraudstream.contracts.quarantine import masked

LINE = 96
"""Characters of a line of content, so that it fits a hundred columns with its indentation."""


def shown(raw: bytes, *, most: int = 2_048) -> str:
    """Masked, printable and bounded: no card number, no line feed, nothing that a terminal would obey."""
    text = masked(raw).decode("utf-8", "replace")[:most]
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def in_lines(text: str, *, width: int = LINE) -> list[str]:
    """A long text cut into lines."""
    return [text[start : start + width] for start in range(0, len(text), width)]
