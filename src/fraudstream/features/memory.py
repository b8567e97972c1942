"""Remembering a few ids, the newest first."""

from fraudstream.features.compilation import compiled
from fraudstream.features.events import ABSENT, Floats

FOLD = 2**53 - 1
"""Ids are remembered as float64, which is exact below 2**53: an id is folded into 1..2**53 - 1."""


@compiled
def folded(identifier: int) -> int:
    """An id as it is remembered: `id mod (2**53 - 1) + 1`, 0 if absent; ids below 2**53 - 1 never collide."""
    if identifier == ABSENT:
        return 0
    return int(identifier % FOLD + 1)


@compiled
def place_of(ids: Floats, wanted: int) -> int:
    """How many other ids are newer than `wanted`; the number of slots if it is not remembered."""
    for i in range(len(ids)):
        if ids[i] == wanted:
            return i
    return len(ids)


@compiled
def move_to_front(ids: Floats, place: int, newest: float) -> None:
    """Put `newest` first and shift what stood before `place`; a place behind the end drops the oldest."""
    for i in range(min(place, len(ids) - 1), 0, -1):
        ids[i] = ids[i - 1]
    ids[0] = newest
