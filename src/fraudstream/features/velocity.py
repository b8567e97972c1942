"""How fast and how much a customer pays: decayed counts and sums at several half-lives."""

from fraudstream.features import state as slot
from fraudstream.features.catalogue import index_of
from fraudstream.features.compilation import compiled
from fraudstream.features.events import Floats
from fraudstream.features.payment import DAY, HOUR, MINUTE, NEVER_DAYS, Payment, remaining

HALF_LIVES = (10.0 * MINUTE, HOUR, DAY, 7.0 * DAY, 30.0 * DAY)
"""Of the counts, in seconds."""
AMOUNT_HALF_LIVES = (HOUR, DAY)
"""Of the sums, in seconds."""
SMALL_AMOUNT = 7.0
"""Units of currency: what testers of stolen cards charge at the most, and few others."""

_PAYMENTS = index_of("payments_10m")
_AMOUNTS = index_of("amount_1h")
_ONLINE = index_of("online_1h")
_SMALL = index_of("small_payments_1h")
_SINCE_LAST = index_of("hours_since_last")
_AGE = index_of("age_days")
_KNOWN = index_of("payments_known")


@compiled
def describe_velocity(state: Floats, payment: Payment, vector: Floats) -> None:
    """The features of the pace; the columns of counts and of sums stand side by side in the catalogue."""
    for i in range(len(HALF_LIVES)):
        vector[_PAYMENTS + i] = state[slot.PAYMENTS + i] * remaining(payment.gap, HALF_LIVES[i])
    for i in range(len(AMOUNT_HALF_LIVES)):
        vector[_AMOUNTS + i] = state[slot.AMOUNTS + i] * remaining(payment.gap, AMOUNT_HALF_LIVES[i])
    vector[_ONLINE] = state[slot.ONLINE] * remaining(payment.gap, HOUR)
    vector[_SMALL] = state[slot.SMALL_PAYMENTS] * remaining(payment.gap, HOUR)
    known = state[slot.COUNT] > 0.0
    longest = NEVER_DAYS * DAY / HOUR
    vector[_SINCE_LAST] = min(payment.gap / HOUR, longest) if known else longest
    vector[_AGE] = max(payment.time - state[slot.FIRST_TIME], 0.0) / DAY if known else 0.0
    vector[_KNOWN] = state[slot.COUNT]


@compiled
def learn_velocity(state: Floats, payment: Payment, vector: Floats) -> None:
    """Let the payment enter the counts and sums; a late one counts as if it had decayed since its time."""
    for i in range(len(HALF_LIVES)):
        state[slot.PAYMENTS + i] = vector[_PAYMENTS + i] + remaining(payment.lateness, HALF_LIVES[i])
    for i in range(len(AMOUNT_HALF_LIVES)):
        weight = remaining(payment.lateness, AMOUNT_HALF_LIVES[i])
        state[slot.AMOUNTS + i] = vector[_AMOUNTS + i] + payment.amount * weight
    state[slot.ONLINE] = vector[_ONLINE]
    if payment.online:
        state[slot.ONLINE] += remaining(payment.lateness, HOUR)
    state[slot.SMALL_PAYMENTS] = vector[_SMALL]
    if payment.amount <= SMALL_AMOUNT:
        state[slot.SMALL_PAYMENTS] += remaining(payment.lateness, HOUR)
