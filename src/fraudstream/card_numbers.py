"""Card numbers in text that should hold none: found by issuer, length and check digit."""

import re
from collections.abc import Iterator

_ISSUED = re.compile(
    rb"(?<![0-9A-Za-z.])"
    rb"(?:4[0-9](?:[ -]?[0-9]){11}(?:(?:[ -]?[0-9]){3}){0,2}"  # 13, 16 or 19 digits
    rb"|(?:5[1-5]|2[2-7]|3[4-9]|30|6[0245])(?:[ -]?[0-9]){12,17})"  # 14 to 19
    rb"(?![0-9A-Za-z])"
)
_UUID = re.compile(rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_SEPARATORS = re.compile(rb"[ -]")
_LAST_SHOWN = 4


def luhn_valid(digits: bytes) -> bool:
    """Whether the last of some ASCII digits is their check digit (ISO/IEC 7812)."""
    doubled = [2 * int(chr(digit)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) - 48 * len(digits[-1::-2]) + sum(each - 9 * (each > 9) for each in doubled)) % 10 == 0  # noqa: PLR2004


def find(content: bytes) -> Iterator[str]:
    """Every card number in some bytes, shown by its last four digits; ids that are UUIDs are none."""
    for match in _ISSUED.finditer(_UUID.sub(lambda found: b"x" * len(found.group()), content)):
        if luhn_valid(_SEPARATORS.sub(b"", match.group())):
            yield _hidden(match.group()).decode("ascii")


def _hidden(found: bytes) -> bytes:
    digits = _SEPARATORS.sub(b"", found)
    return b"*" * (len(digits) - _LAST_SHOWN) + digits[-_LAST_SHOWN:]
