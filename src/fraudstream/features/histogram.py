"""Counters of a few codes, five to a slot.

A slot is the number `c0 + c1 * 1024 + c2 * 1024**2 + ...`, exact in a float64 below 2**50. When the counters
together reach `FULL`, each is halved: old habits fade with payments, not with time.
"""

from fraudstream.features.compilation import compiled
from fraudstream.features.events import Floats

PER_SLOT = 5
BASE = 1_024
FULL = 100


@compiled
def counter(slots: Floats, code: int) -> int:
    """How often `code` was counted."""
    packed = int(slots[code // PER_SLOT])
    return int(packed // BASE ** (code % PER_SLOT) % BASE)


@compiled
def share(slots: Floats, code: int) -> float:
    """The share of `code`; 1 for an absent code (outside the slots) and while nothing is counted."""
    if code < 0 or code >= len(slots) * PER_SLOT:
        return 1.0
    total = _total(slots)
    return counter(slots, code) / total if total > 0 else 1.0


@compiled
def count(slots: Floats, code: int) -> None:
    """Count `code` once more; an absent code is passed over."""
    if code < 0 or code >= len(slots) * PER_SLOT:
        return
    if _total(slots) >= FULL:
        _halve(slots)
    slots[code // PER_SLOT] += BASE ** (code % PER_SLOT)


@compiled
def _total(slots: Floats) -> int:
    total = 0
    for i in range(len(slots)):
        packed = int(slots[i])
        while packed > 0:
            total += packed % BASE
            packed //= BASE
    return total


@compiled
def _halve(slots: Floats) -> None:
    for i in range(len(slots)):
        packed = int(slots[i])
        halved = 0
        unit = 1
        while packed > 0:
            halved += packed % BASE // 2 * unit
            packed //= BASE
            unit *= BASE
        slots[i] = halved
