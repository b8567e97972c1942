"""The city world and its protocol: one round in the order of time, rehearsed a month before."""

from fraudstream.evaluation.protocol import Round, Split, in_order_of_time
from fraudstream.features.catalogue import FEATURES
from fraudstream.training.dataset import DAY, History

WARM_UP, GAP, TEST = 5 * DAY, 7 * DAY, 14 * DAY
"""Seconds without training at the beginning, between training and what is measured, and of what is measured."""
REHEARSAL = 28 * DAY
"""So much earlier is the round rehearsed: nine of ten reports of what that measured have arrived when it begins."""

SHORT_VELOCITY = (
    "excess_1h",
    "excess_1d",
    "payments_10m",
    "payments_1h",
    "payments_1d",
    "amount_1h",
    "amount_1d",
    "online_1h",
    "small_payments_1h",
    "hours_since_last",
    "new_merchants_1h",
    "new_merchants_1d",
    "fastest_6h",
    "city_changes_1d",
)
"""Every feature that forgets the customer's payments within a day, and the time since the last of them."""
NOVELTY = ("category_share", "new_device", "device_age_days", "merchants_since", "city_share")
MERCHANT_RISK = tuple(feature.name for feature in FEATURES if feature.source == "merchant's labels")
MEMORY = tuple(feature.name for feature in FEATURES if feature.source != "payment")

ABLATIONS: dict[str, tuple[str, ...]] = {
    "short velocity": SHORT_VELOCITY,
    "novelty": NOVELTY,
    "merchant risk": MERCHANT_RISK,
    "any memory": MEMORY,
}
"""What a model is measured without."""


def city_round(history: History) -> Round:
    """The last `TEST` of the history is measured, and the rehearsal is by the same rules, `REHEARSAL` earlier.

    Raises:
        ConfigurationError: the history is too short.
    """
    measured = history.end - TEST
    return Round(_split(history, measured, "test"), (_split(history, measured - REHEARSAL, "rehearsal"),))


def _split(history: History, begin: float, name: str) -> Split:
    training = history.start + WARM_UP, begin - GAP
    return in_order_of_time(history, training=training, test=(begin, begin + TEST), name=name)
