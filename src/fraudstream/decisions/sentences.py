"""What each feature of any payment says to an analyst, one sentence each, whether it speaks for fraud or not."""

from collections.abc import Mapping

from fraudstream.decisions.wording import (
    FAR_HOUR,
    HOUR,
    MINUTE,
    Sentence,
    ago,
    clock,
    count,
    number,
    pace,
    share,
    span,
    times,
)
from fraudstream.features.catalogue import index_of
from fraudstream.features.events import Floats
from fraudstream.features.state import MERCHANT_SLOTS


def sentence(feature: str, vector: Floats) -> str:
    """The sentence for one feature of a payment's vector (F,).

    Raises:
        KeyError: no feature has this name.
    """
    return SENTENCES[feature](lambda name: float(vector[index_of(name)]))


def _spent(feature: str, span: str) -> Sentence:
    return lambda value: f"{value(feature):,.2f} spent in the last {span} before this payment"


def _ratio(feature: str, of: str) -> Sentence:
    return lambda value: f"Amount is {number(value(feature))} times {of}"


def _either(feature: str, yes: str, no: str) -> Sentence:
    return lambda value: yes if value(feature) > 0 else no


def _frauds(feature: str, what: str, span: str) -> Sentence:
    return lambda value: f"{count(value(feature), what)} at this merchant in about {span}"


def _rate(feature: str, span: str) -> Sentence:
    return lambda value: f"{share(value(feature))} of what is known of this merchant from about {span} was fraud"


_OF_THE_AMOUNT: dict[str, Sentence] = {
    "amount": lambda value: f"Amount of {value('amount'):,.2f}",
    "amount_ratio": _ratio("amount_ratio", "the customer's usual amount"),
    "usual_amount": lambda value: f"Customer's usual amount is {value('usual_amount'):,.2f}",
    "amount_zscore": lambda value: (
        f"Amount lies {abs(value('amount_zscore')):.1f} deviations "
        f"{'above' if value('amount_zscore') > 0 else 'below'} the customer's usual one"
    ),
    "amount_to_category": lambda value: (
        f"Amount is {times(value('amount_to_category'))} what the customer usually pays in this category"
    ),
    "excess_1h": lambda value: f"Payments of the last hour were {times(value('excess_1h'))} the usual in all",
    "excess_1d": lambda value: f"Payments of the last day were {times(value('excess_1d'))} the usual in all",
    "outliers_20d": lambda value: f"{count(value('outliers_20d'), 'unusual amounts')} in the last 20 days",
    "days_since_outlier": lambda value: ago(
        value("days_since_outlier"), "Last unusual amount was", "No unusual amount before this payment"
    ),
    "largest_ratio_14d": lambda value: (
        f"Largest amount of the last 14 days was {number(value('largest_ratio_14d'))} times the usual one"
    ),
    "amount_to_largest": _ratio("amount_to_largest", "the customer's largest recent one"),
}
_OF_THE_PACE: dict[str, Sentence] = {
    "payments_10m": pace("payments_10m", 10 * MINUTE, "10 minutes"),
    "payments_1h": pace("payments_1h", HOUR, "hour"),
    "payments_1d": pace("payments_1d", 1.0, "day"),
    "payments_7d": pace("payments_7d", 7.0, "7 days"),
    "payments_30d": lambda value: f"{count(value('payments_30d'), 'payments')} in the last 30 days",
    "amount_1h": _spent("amount_1h", "hour"),
    "amount_1d": _spent("amount_1d", "day"),
    "online_1h": lambda value: f"{count(value('online_1h'), 'payments')} online in the last hour",
    "small_payments_1h": lambda value: f"{count(value('small_payments_1h'), 'tiny payments')} in the last hour",
    "hours_since_last": lambda value: ago(
        value("hours_since_last") * HOUR, "Last payment was", "First payment of this customer"
    ),
    "age_days": lambda value: f"Customer is known for {span(value('age_days'))}",
    "payments_known": lambda value: f"{count(value('payments_known'), 'earlier payments')} of this customer",
}
_OF_HABITS: dict[str, Sentence] = {
    "online": _either("online", "Paid online", "Paid with the card present"),
    "category_share": lambda value: (
        f"{share(value('category_share'))} of the customer's payments were in this category"
    ),
    "new_device": _either("new_device", "Device never seen with this customer", "Device known with this customer"),
    "device_age_days": lambda value: (
        "Device never seen with this customer"
        if value("new_device") > 0
        else f"Device first seen with this customer {span(value('device_age_days'))} ago"
    ),
    "merchants_since": lambda value: (
        "Merchant is new to this customer"
        if value("merchants_since") >= MERCHANT_SLOTS
        else f"{count(value('merchants_since'), 'other merchants')} paid since the last payment here"
    ),
    "new_merchants_1h": lambda value: f"{count(value('new_merchants_1h'), 'new merchants')} in the last hour",
    "new_merchants_1d": lambda value: f"{count(value('new_merchants_1d'), 'new merchants')} in the last day",
    "hour": lambda value: f"Paid at {clock(value('hour'))}",
    "weekend": _either("weekend", "Paid on a weekend", "Paid on a weekday"),
    "hour_distance": lambda value: (
        f"Paid at {clock(value('hour'))}, "
        f"{'far from' if value('hour_distance') >= FAR_HOUR else 'near'} the customer's usual time of day"
    ),
    "distance_km": lambda value: f"{value('distance_km'):,.0f} km from the city of the last card-present payment",
    "speed_kmh": lambda value: f"Travelled at {value('speed_kmh'):,.0f} km/h since the last card-present payment",
    "fastest_6h": lambda value: f"Travelled at up to {value('fastest_6h'):,.0f} km/h in the last hours",
    "city_changes_1d": lambda value: (
        f"{count(value('city_changes_1d'), 'changes')} of city in the last day, with the card present"
    ),
    "city_share": lambda value: (
        f"{share(value('city_share'))} of the customer's card-present payments were in this city"
        if value("city_share") > 0
        else "Customer has never paid in this city with the card present"
    ),
}
_OF_OUTCOMES: dict[str, Sentence] = {
    "days_since_fraud": lambda value: ago(
        value("days_since_fraud"), "Last confirmed fraud on this customer was", "No confirmed fraud on this customer"
    ),
    "frauds_30d": lambda value: f"{count(value('frauds_30d'), 'confirmed frauds')} on this customer in about 30 days",
    "ratio_to_genuine": _ratio("ratio_to_genuine", "what was confirmed as genuine before, by the usual amount"),
    "fraud_run": lambda value: (
        f"Newest {count(value('fraud_run'), 'outcomes')} known of this merchant: all fraud"
        if value("fraud_run") > 0
        else "Newest outcome known of this merchant is no fraud, or there is none"
    ),
    "unexplained_run": lambda value: (
        f"{count(value('unexplained_run'), 'frauds')} of ordinary amounts in a row at this merchant"
    ),
    "run_age_days": lambda value: ago(
        value("run_age_days"), "Frauds in a row at this merchant began", "No frauds in a row at this merchant"
    ),
    "merchant_days_since_fraud": lambda value: ago(
        value("merchant_days_since_fraud"),
        "Last confirmed fraud at this merchant was",
        "No confirmed fraud here before",
    ),
    "merchant_days_since_genuine": lambda value: ago(
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
