"""The amount against the customer's own past, and the memory of unusual amounts."""

import math

from fraudstream.features import state as slot
from fraudstream.features.catalogue import index_of
from fraudstream.features.compilation import compiled
from fraudstream.features.events import Floats
from fraudstream.features.payment import DAY, Payment, days_since, remaining

OUTLIER_RATIO = 2.5
"""An amount above this multiple of the mean is unusual, and is cut to it before it enters the mean."""
SMALLEST_BASE = 1.0
"""Amounts are never divided by less than one unit of currency."""
MEAN_MEMORY = 200
"""Payments after which the running mean no longer slows down."""
LOG_MEMORY = 50
SETTLED = 3
"""Payments after which a mean may call an amount unusual."""
SETTLED_DEVIATION = 5
UNSETTLED_DEVIATION = 0.8
SMALLEST_DEVIATION = 0.2
LARGEST_ZSCORE = 10.0
OUTLIER_HALF_LIFE = 20.0 * DAY
LARGEST_HALF_LIFE = 14.0 * DAY
"""Seconds."""

_AMOUNT = index_of("amount")
_RATIO = index_of("amount_ratio")
_USUAL = index_of("usual_amount")
_ZSCORE = index_of("amount_zscore")
_OUTLIERS = index_of("outliers_20d")
_SINCE_OUTLIER = index_of("days_since_outlier")
_LARGEST_RATIO = index_of("largest_ratio_14d")
_TO_LARGEST = index_of("amount_to_largest")


@compiled
def describe_amount(state: Floats, payment: Payment, vector: Floats) -> None:
    """The features of the amount."""
    known = state[slot.COUNT] > 0.0
    mean = state[slot.MEAN] if known else payment.amount
    base = max(mean, SMALLEST_BASE)
    vector[_AMOUNT] = payment.amount
    vector[_RATIO] = payment.amount / base if known else 1.0
    vector[_USUAL] = mean
    residual = math.log1p(payment.amount) - state[slot.LOG_MEAN] if known else 0.0
    vector[_ZSCORE] = min(max(residual / deviation(state), -LARGEST_ZSCORE), LARGEST_ZSCORE)
    vector[_OUTLIERS] = state[slot.OUTLIERS] * remaining(payment.gap, OUTLIER_HALF_LIFE)
    vector[_SINCE_OUTLIER] = days_since(payment.time, state[slot.LAST_OUTLIER])
    largest = state[slot.RECENT_LARGEST] * remaining(payment.gap, LARGEST_HALF_LIFE)
    vector[_LARGEST_RATIO] = largest / base
    vector[_TO_LARGEST] = payment.amount / max(largest, SMALLEST_BASE) if known else 1.0


@compiled
def deviation(state: Floats) -> float:
    """The customer's deviation of log amounts; a common one until it has settled."""
    if state[slot.COUNT] <= SETTLED_DEVIATION:
        return UNSETTLED_DEVIATION
    return max(math.sqrt(state[slot.LOG_VARIANCE]), SMALLEST_DEVIATION)


@compiled
def learn_amount(state: Floats, payment: Payment, vector: Floats) -> None:
    """Let the amount enter the state."""
    _learn_mean(state, payment.amount)
    _learn_deviation(state, payment.amount)
    kept = state[slot.RECENT_LARGEST] * remaining(payment.gap, LARGEST_HALF_LIFE)
    state[slot.RECENT_LARGEST] = max(kept, payment.amount * remaining(payment.lateness, LARGEST_HALF_LIFE))
    state[slot.OUTLIERS] = vector[_OUTLIERS]
    if state[slot.COUNT] >= SETTLED and vector[_RATIO] > OUTLIER_RATIO:
        state[slot.OUTLIERS] += remaining(payment.lateness, OUTLIER_HALF_LIFE)
        state[slot.LAST_OUTLIER] = max(state[slot.LAST_OUTLIER], payment.time)


@compiled
def _learn_mean(state: Floats, amount: float) -> None:
    count = state[slot.COUNT]
    if count >= SETTLED:
        amount = min(amount, OUTLIER_RATIO * max(state[slot.MEAN], SMALLEST_BASE))
    state[slot.MEAN] += (amount - state[slot.MEAN]) / min(count + 1.0, MEAN_MEMORY)


@compiled
def _learn_deviation(state: Floats, amount: float) -> None:
    gain = 1.0 / min(state[slot.COUNT] + 1.0, LOG_MEMORY)
    residual = math.log1p(amount) - state[slot.LOG_MEAN]
    if state[slot.COUNT] > SETTLED_DEVIATION:
        bound = OUTLIER_RATIO * deviation(state)
        residual = min(max(residual, -bound), bound)
    state[slot.LOG_MEAN] += gain * residual
    if state[slot.COUNT] > 0.0:
        state[slot.LOG_VARIANCE] = (1.0 - gain) * (state[slot.LOG_VARIANCE] + gain * residual * residual)
