"""One payment as the kernel sees it, and what decay means for it."""

import math
from typing import NamedTuple

from fraudstream.features.compilation import compiled

MINUTE = 60.0
HOUR = 3_600.0
DAY = 86_400.0
"""Seconds."""

NEVER_DAYS = 400.0
"""Stands for "never" and caps every age of a memory, in days."""


class Payment(NamedTuple):
    """A payment beside its customer's newest one.

    `gap` is the time since the newest payment and `lateness` the time it lies before it, both in seconds and never
    negative: one of them is 0. `merchant` and `device` are folded ids, 0 if absent; absent codes are -1.
    """

    time: float
    gap: float
    lateness: float
    amount: float
    category: int
    location: int
    merchant: int
    device: int
    online: bool


@compiled
def remaining(seconds: float, half_life: float) -> float:
    """The share of a decayed quantity that is left after `seconds`."""
    return math.exp2(-seconds / half_life)


@compiled
def days_since(time: float, moment: float) -> float:
    """Days from `moment` to `time`, between 0 and `NEVER_DAYS`; a moment of 0 is never."""
    if moment == 0.0:
        return NEVER_DAYS
    return min(max((time - moment) / DAY, 0.0), NEVER_DAYS)
