"""What each feature says to an analyst, one sentence each, with the value and where possible what is usual."""

import math
from collections.abc import Callable, Mapping

from fraudstream.features.catalogue import index_of
from fraudstream.features.events import Floats
from fraudstream.features.payment import NEVER_DAYS
from fraudstream.features.state import MERCHANT_SLOTS

Values = Callable[[str], float]
"""Gives a feature of the payment by its name."""
Sentence = Callable[[Values], str]

_MINUTE, _HOUR = 1 / 1_440, 1 / 24
"""Days."""
_COUNTED_IN_FULL = 10.0
_LARGEST_LOG_RATIO = 20.0
_FAR_HOUR = 0.8
"""Distance on the clock's circle from which on an hour is unusual; 1 is a quarter of a day."""


def sentence(feature: str, vector: Floats) -> str:
    """The sentence for one feature of a payment's vector (F,).

    Raises:
        KeyError: no feature has this name.
    """
    return SENTENCES[feature](lambda name: float(vector[index_of(name)]))


def _number(value: float) -> str:
    if abs(value) >= _COUNTED_IN_FULL or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.1g}"


def _count(value: float, what: str) -> str:
    """A decayed count, as the whole number it stands for."""
    whole = round(value)
    return f"{whole:,} {what}" if whole != 1 else f"1 {what.removesuffix('s')}"


def _span(days: float) -> str:
    if days >= NEVER_DAYS:
        return "more than a year"
    for name, length in (("day", 1.0), ("hour", _HOUR), ("minute", _MINUTE)):
        if days >= 2 * length or (name == "minute" and days >= length):
            return _count(days / length, f"{name}s")
    return "less than a minute"


def _ago(days: float, what: str, never: str) -> str:
    return never if days >= NEVER_DAYS else f"{what} {_span(days)} ago"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _times(log_ratio: float) -> str:
    return f"{_number(math.exp(min(log_ratio, _LARGEST_LOG_RATIO)))} times"


def _clock(hour: float) -> str:
    minutes = int(hour * 60) % 1_440
    return f"{minutes // 60:02d}:{minutes % 60:02d} UTC"


def _pace(feature: str, half_life: float, span: str) -> Sentence:
    """Payments in a span of time, beside the number that the customer's last month would lead one to expect."""

    def told(value: Values) -> str:
        month = 1 - 2 ** -(max(value("age_days"), 1.0) / 30)
        usual = value("payments_30d") * half_life / 30 / month
        return f"{_count(value(feature), 'payments')} in the last {span}, usually {_number(usual)}"

    return told


def _spent(feature: str, span: str) -> Sentence:
    return lambda value: f"{value(feature):,.2f} spent in the last {span} before this payment"


def _ratio(feature: str, of: str) -> Sentence:
    return lambda value: f"Amount is {_number(value(feature))} times {of}"


def _either(feature: str, yes: str, no: str) -> Sentence:
    return lambda value: yes if value(feature) > 0 else no


def _frauds(feature: str, what: str, span: str) -> Sentence:
    return lambda value: f"{_count(value(feature), what)} at this merchant in about {span}"


def _rate(feature: str, span: str) -> Sentence:
    return lambda value: f"{_share(value(feature))} of what is known of this merchant from about {span} was fraud"


_OF_THE_AMOUNT: dict[str, Sentence] = {
    "amount": lambda value: f"Amount of {value('amount'):,.2f}",
    "amount_ratio": _ratio("amount_ratio", "the customer's usual amount"),
    "usual_amount": lambda value: f"Customer's usual amount is {value('usual_amount'):,.2f}",
    "amount_zscore": lambda value: (
        f"Amount lies {abs(value('amount_zscore')):.1f} deviations "
        f"{'above' if value('amount_zscore') > 0 else 'below'} the customer's usual one"
    ),
    "amount_to_category": lambda value: (
        f"Amount is {_times(value('amount_to_category'))} what the customer usually pays in this category"
    ),
    "excess_1h": lambda value: f"Payments of the last hour were {_times(value('excess_1h'))} the usual in all",
    "excess_1d": lambda value: f"Payments of the last day were {_times(value('excess_1d'))} the usual in all",
    "outliers_20d": lambda value: f"{_count(value('outliers_20d'), 'unusual amounts')} in the last 20 days",
    "days_since_outlier": lambda value: _ago(
        value("days_since_outlier"), "Last unusual amount was", "No unusual amount before this payment"
    ),
    "largest_ratio_14d": lambda value: (
        f"Largest amount of the last 14 days was {_number(value('largest_ratio_14d'))} times the usual one"
    ),
    "amount_to_largest": _ratio("amount_to_largest", "the customer's largest recent one"),
}
_OF_THE_PACE: dict[str, Sentence] = {
    "payments_10m": _pace("payments_10m", 10 * _MINUTE, "10 minutes"),
    "payments_1h": _pace("payments_1h", _HOUR, "hour"),
    "payments_1d": _pace("payments_1d", 1.0, "day"),
    "payments_7d": _pace("payments_7d", 7.0, "7 days"),
    "payments_30d": lambda value: f"{_count(value('payments_30d'), 'payments')} in the last 30 days",
    "amount_1h": _spent("amount_1h", "hour"),
    "amount_1d": _spent("amount_1d", "day"),
    "online_1h": lambda value: f"{_count(value('online_1h'), 'payments')} online in the last hour",
    "small_payments_1h": lambda value: (
        f"{_count(value('small_payments_1h'), 'tiny payments')} in the last hour, as when a card is tested"
    ),
    "hours_since_last": lambda value: _ago(
        value("hours_since_last") * _HOUR, "Last payment was", "First payment of this customer"
    ),
    "age_days": lambda value: f"Customer is known for {_span(value('age_days'))}",
    "payments_known": lambda value: f"{_count(value('payments_known'), 'earlier payments')} of this customer",
}
_OF_HABITS: dict[str, Sentence] = {
    "online": _either("online", "Paid online", "Paid with the card present"),
    "category_share": lambda value: (
        f"{_share(value('category_share'))} of the customer's payments were in this category"
    ),
    "new_device": _either("new_device", "Device never seen with this customer", "Device known with this customer"),
    "device_age_days": lambda value: (
        "Device never seen with this customer"
        if value("new_device") > 0
        else f"Device first seen with this customer {_span(value('device_age_days'))} ago"
    ),
    "merchants_since": lambda value: (
        "Merchant is new to this customer"
        if value("merchants_since") >= MERCHANT_SLOTS
        else f"{_count(value('merchants_since'), 'other merchants')} paid since the last payment here"
    ),
    "new_merchants_1h": lambda value: f"{_count(value('new_merchants_1h'), 'new merchants')} in the last hour",
    "new_merchants_1d": lambda value: f"{_count(value('new_merchants_1d'), 'new merchants')} in the last day",
    "hour": lambda value: f"Paid at {_clock(value('hour'))}",
    "weekend": _either("weekend", "Paid on a weekend", "Paid on a weekday"),
    "hour_distance": lambda value: (
        f"Paid at {_clock(value('hour'))}, "
        f"{'far from' if value('hour_distance') >= _FAR_HOUR else 'near'} the customer's usual time of day"
    ),
    "distance_km": lambda value: f"{value('distance_km'):,.0f} km from the city of the last card-present payment",
    "speed_kmh": lambda value: f"Travelled at {value('speed_kmh'):,.0f} km/h since the last card-present payment",
    "fastest_6h": lambda value: f"Travelled at up to {value('fastest_6h'):,.0f} km/h in the last hours",
    "city_changes_1d": lambda value: (
        f"{_count(value('city_changes_1d'), 'changes')} of city in the last day, with the card present"
    ),
    "city_share": lambda value: (
        f"{_share(value('city_share'))} of the customer's card-present payments were in this city"
        if value("city_share") > 0
        else "Customer has never paid in this city with the card present"
    ),
}
_OF_OUTCOMES: dict[str, Sentence] = {
    "days_since_fraud": lambda value: _ago(
        value("days_since_fraud"), "Last confirmed fraud on this customer was", "No confirmed fraud on this customer"
    ),
    "frauds_30d": lambda value: f"{_count(value('frauds_30d'), 'confirmed frauds')} on this customer in about 30 days",
    "ratio_to_genuine": _ratio("ratio_to_genuine", "what was confirmed as genuine before, by the usual amount"),
    "fraud_run": lambda value: (
        f"Newest {_count(value('fraud_run'), 'outcomes')} known of this merchant: all fraud"
        if value("fraud_run") > 0
        else "Newest outcome known of this merchant is no fraud, or there is none"
    ),
    "unexplained_run": lambda value: (
        f"{_count(value('unexplained_run'), 'frauds')} of ordinary amounts in a row at this merchant"
    ),
    "run_age_days": lambda value: _ago(
        value("run_age_days"), "Frauds in a row at this merchant began", "No frauds in a row at this merchant"
    ),
    "merchant_days_since_fraud": lambda value: _ago(
        value("merchant_days_since_fraud"),
        "Last confirmed fraud at this merchant was",
        "No confirmed fraud here before",
    ),
    "merchant_days_since_genuine": lambda value: _ago(
        value("merchant_days_since_genuine"),
        "Last payment confirmed as genuine at this merchant was",
        "No payment confirmed as genuine at this merchant yet",
    ),
    "merchant_fraud_rate_3d": _rate("merchant_fraud_rate_3d", "3 days"),
    "merchant_fraud_rate_10d": _rate("merchant_fraud_rate_10d", "10 days"),
    "merchant_frauds_10d": _frauds("merchant_frauds_10d", "confirmed frauds", "10 days"),
    "merchant_unexplained_10d": _frauds("merchant_unexplained_10d", "confirmed frauds of ordinary amounts", "10 days"),
}

SENTENCES: Mapping[str, Sentence] = _OF_THE_AMOUNT | _OF_THE_PACE | _OF_HABITS | _OF_OUTCOMES
"""The sentence of every feature of the catalogue."""
