"""How values are put into words: counts, shares, times and amounts as people read them."""

import math
from collections.abc import Callable

from fraudstream.features.payment import NEVER_DAYS

Values = Callable[[str], float]
"""Gives a feature of the payment by its name."""
Sentence = Callable[[Values], str]
MINUTE, HOUR = 1 / 1_440, 1 / 24
"""Days."""
FAR_HOUR = 0.8
"""Distance on the clock's circle from which on an hour is unusual; 1 is a quarter of a day."""
_COUNTED_IN_FULL = 10.0
_LARGEST_LOG_RATIO = 20.0


def number(value: float) -> str:
    """A value in as many digits as it deserves."""
    if abs(value) >= _COUNTED_IN_FULL or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.1g}"


def count(value: float, what: str) -> str:
    """A decayed count, as the whole number it stands for."""
    whole = round(value)
    return f"{whole:,} {what}" if whole != 1 else f"1 {what.removesuffix('s')}"


def span(days: float) -> str:
    """A time in days, as the largest unit it holds twice."""
    if days >= NEVER_DAYS:
        return "more than a year"
    for name, length in (("day", 1.0), ("hour", HOUR), ("minute", MINUTE)):
        if days >= 2 * length or (name == "minute" and days >= length):
            return count(days / length, f"{name}s")
    return "less than a minute"


def ago(days: float, what: str, never: str) -> str:
    """When something was; `never` where it never was."""
    return never if days >= NEVER_DAYS else f"{what} {span(days)} ago"


def share(value: float) -> str:
    """A share, in per cent."""
    return f"{100 * value:.0f} %"


def times(log_ratio: float) -> str:
    """A ratio given as its natural logarithm."""
    return f"{number(math.exp(min(log_ratio, _LARGEST_LOG_RATIO)))} times"


def clock(hour: float) -> str:
    """An hour of the day, UTC."""
    minutes = int(hour * 60) % 1_440
    return f"{minutes // 60:02d}:{minutes % 60:02d} UTC"


def money(amount: float) -> str:
    """An amount that was paid."""
    return f"{amount:,.2f}"


def about(amount: float) -> str:
    """An amount that is usual."""
    return f"{amount:,.0f}" if amount >= _COUNTED_IN_FULL else money(amount)


def usual_count(value: Values, half_life: float) -> float:
    """Payments that the last month would lead one to expect in a decayed count; its half-life is in days."""
    month = 1 - 2 ** -(max(value("age_days"), 1.0) / 30)
    return value("payments_30d") * half_life / 30 / month


def pace(feature: str, half_life: float, span_of_time: str) -> Sentence:
    """Payments in a span of time, beside the number that is usual."""

    def told(value: Values) -> str:
        usual = number(usual_count(value, half_life))
        return f"{count(value(feature), 'payments')} in the last {span_of_time}, usually {usual}"

    return told
