"""How a value becomes a suspicion: from which bound on, in which direction, in which words."""

from collections.abc import Callable
from dataclasses import dataclass

from fraudstream.decisions.wording import Sentence, Values, count, money, span

Telling = Callable[[Values], str | None]
"""Gives a sentence, or none where the value is not of its kind."""

FIRST_PAYMENT = "First payment of this customer"
HIGH, LOW = 1.5, 0.5
"""Ratios to what is usual from which on something is unusual."""
ONE = 0.51
"""A decayed count that stands for one."""
RARE = 0.05
"""A share below which something is hardly ever done."""
HIGH_RATE = 0.05
"""Share of fraud from which on a merchant is suspicious."""
FAST_KMH = 150.0
FAR_KM = 50.0
DEVIATIONS = 1.5
SHORTLY = 30.0
"""Days within which something is remembered as recent."""
YOUNG_DAYS, FEW_PAYMENTS, FEW_IN_A_MONTH, MANY_IN_A_MONTH = 30.0, 10.0, 2.0, 60.0
NEW_DEVICE_DAYS = 7.0
OTHER_MERCHANTS = 8.0


@dataclass(frozen=True)
class Suspicion:
    """What a feature says for fraud in each direction; empty where that direction is none."""

    high: Telling | None = None
    low: Telling | None = None


def from_(feature: str, bound: float, say: Sentence) -> Telling:
    """Tells where a feature's value is at least `bound`."""
    return lambda value: say(value) if value(feature) >= bound else None


def up_to(feature: str, bound: float, say: Sentence) -> Telling:
    """Tells where a feature's value is at most `bound`."""
    return lambda value: say(value) if value(feature) <= bound else None


def counted(feature: str, what: str, where: str, *, least: float = ONE) -> Suspicion:
    """A decayed count that speaks for fraud once it stands for one."""
    return Suspicion(high=from_(feature, least, lambda value: f"{count(value(feature), what)} {where}"))


def once_known(say: Sentence) -> Sentence:
    """Tells of a habit; whoever pays for the first time has none."""
    return lambda value: say(value) if value("payments_known") > 0 else FIRST_PAYMENT


def amount_beside(usual: str, *, far: str) -> Sentence:
    """The amount beside something of the customer's."""
    return lambda value: f"Amount of {money(value('amount'))} is {far} the customer's {usual}"


def ago(days: float) -> str:
    """How long ago, in days."""
    return f"{span(days)} ago"


def since(feature: str, what: str, days: float) -> Suspicion:
    """Something that happened within so many `days`."""
    return Suspicion(low=up_to(feature, days, lambda value: f"{what} {ago(value(feature))}"))
