"""What a customer usually pays in each category, and how far above it the recent payments lay."""

import math

from fraudstream.features import state as slot
from fraudstream.features.catalogue import index_of
from fraudstream.features.compilation import compiled
from fraudstream.features.events import ABSENT, Floats
from fraudstream.features.histogram import number, put
from fraudstream.features.payment import DAY, HOUR, Payment, remaining

LEVEL_STEP = 1.0 / 64.0
"""A level is remembered in steps of this size, in log(1 + amount); ten bits reach beyond the largest amount."""
LEVEL_MEMORY = 12
"""Payments in a category after which its level no longer slows down."""
LARGEST_EXCESS = 1.5
"""One amount never counts as further than this from usual: fraud does not teach the level, one error says little."""

_TO_CATEGORY = index_of("amount_to_category")
_EXCESS_1H = index_of("excess_1h")
_EXCESS_1D = index_of("excess_1d")


@compiled
def describe_level(state: Floats, payment: Payment, vector: Floats) -> None:
    """The amount beside the usual one in its category, or the usual one at all while the category is new.

    Without a category nothing is unusual.
    """
    level = number(state[slot.LEVELS : slot.DEVICES], payment.category) * LEVEL_STEP
    if number(state[slot.CATEGORIES : slot.LEVELS], payment.category) == 0:
        level = state[slot.LOG_MEAN]
    excess = math.log1p(payment.amount) - level
    compared = state[slot.COUNT] > 0.0 and payment.category != ABSENT
    vector[_TO_CATEGORY] = excess if compared else 0.0
    vector[_EXCESS_1H] = state[slot.EXCESS_1H] * remaining(payment.gap, HOUR)
    vector[_EXCESS_1D] = state[slot.EXCESS_1D] * remaining(payment.gap, DAY)


@compiled
def learn_level(state: Floats, payment: Payment, vector: Floats) -> None:
    """Let the amount enter the level of its category; to be done before the category is counted."""
    excess = min(max(vector[_TO_CATEGORY], -LARGEST_EXCESS), LARGEST_EXCESS)
    state[slot.EXCESS_1H] = vector[_EXCESS_1H] + excess * remaining(payment.lateness, HOUR)
    state[slot.EXCESS_1D] = vector[_EXCESS_1D] + excess * remaining(payment.lateness, DAY)
    levels = state[slot.LEVELS : slot.DEVICES]
    seen = number(state[slot.CATEGORIES : slot.LEVELS], payment.category)
    if seen == 0:
        level = math.log1p(payment.amount)
    else:
        level = number(levels, payment.category) * LEVEL_STEP + excess / min(seen + 1, LEVEL_MEMORY)
    put(levels, payment.category, round(level / LEVEL_STEP))
