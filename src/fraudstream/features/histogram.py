"""A small whole number for each of a few codes, five to a slot: counters, and levels in steps.

A slot holds `c0 + c1 * 1024 + c2 * 1024**2 + ...`, exact in a float64 below 2**50. When counters together reach
`FULL`, each is halved: old habits fade with payments, not with time.
"""

from fraudstream.features.compilation import compiled
from fraudstream.features.events import Floats

PER_SLOT = 5
BASE = 1_024
FULL = 100


@compiled
def holds(slots: Floats, code: int) -> bool:
    """Whether there is a number for `code`; not for an absent one."""
    return 0 <= code < len(slots) * PER_SLOT


@compiled
def number(slots: Floats, code: int) -> int:
    """The number of `code`, 0 to 1023; 0 for an absent one."""
    if not holds(slots, code):
        return 0
    packed = int(slots[code // PER_SLOT])
    return int(packed // BASE ** (code % PER_SLOT) % BASE)


@compiled
def put(slots: Floats, code: int, value: int) -> None:
    """Set the number of `code`, 0 to 1023; an absent one is passed over."""
    if holds(slots, code):
        slots[code // PER_SLOT] += (value - number(slots, code)) * BASE ** (code % PER_SLOT)


@compiled
def share(slots: Floats, code: int) -> float:
    """The share of `code` in what was counted; 1 for an absent code and while nothing is counted."""
    total = _total(slots)
    return number(slots, code) / total if total > 0 and holds(slots, code) else 1.0


@compiled
def count(slots: Floats, code: int) -> None:
    """Count `code` once more; an absent code is passed over."""
    if holds(slots, code):
        if _total(slots) >= FULL:
            _halve(slots)
        put(slots, code, number(slots, code) + 1)


@compiled
def _total(slots: Floats) -> int:
    total = 0
    for code in range(len(slots) * PER_SLOT):
        total += number(slots, code)
    return total


@compiled
def _halve(slots: Floats) -> None:
    for code in range(len(slots) * PER_SLOT):
        put(slots, code, number(slots, code) // 2)
