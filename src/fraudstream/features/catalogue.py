"""The features a payment is scored by: ordered, named, documented, versioned.

The order is the order of a vector's columns. Any change of a feature's meaning, of the order or of the state behind
it is a new `CATALOGUE_VERSION`; models are bound to theirs.
"""

from dataclasses import dataclass
from typing import Literal

Source = Literal["payment", "customer's payments", "customer's labels", "merchant's labels"]
Comparable = Literal["yes", "fills", "date", "shared"]
"""Whether the values of one time can be compared with another's.

"fills" goes on growing for more than a month after the first payment or label, "date" follows the calendar, and
"shared" is the same number for all payments of a merchant, so that one merchant moves it. None of these says anything
of a changed population.
"""

CATALOGUE_VERSION = 2


@dataclass(frozen=True)
class Feature:
    """One number in a vector.

    `window` says how far it looks back: a half-life where it decays, "all" where nothing is forgotten by time.
    """

    name: str
    unit: str
    meaning: str
    window: str
    source: Source
    comparable: Comparable = "yes"


_PAYMENT: Source = "payment"
_CUSTOMER: Source = "customer's payments"
_CUSTOMER_LABELS: Source = "customer's labels"
_MERCHANT_LABELS: Source = "merchant's labels"

_OF_THE_AMOUNT = (
    Feature("amount", "currency", "amount of the payment", "none", _PAYMENT),
    Feature(
        "amount_ratio", "ratio", "amount by the customer's winsorised mean; 1 on a first payment", "all", _CUSTOMER
    ),
    Feature("usual_amount", "currency", "that winsorised mean; the amount on a first payment", "all", _CUSTOMER),
    Feature("amount_zscore", "deviations", "deviation of log(1 + amount) from the customer's mean", "all", _CUSTOMER),
    Feature(
        "amount_to_category",
        "log ratio",
        "log amount less the usual one in the category; 0 without one",
        "12 payments",
        _CUSTOMER,
    ),
    Feature("excess_1h", "log ratio", "decayed sum of amount_to_category", "half-life 1 hour", _CUSTOMER),
    Feature("excess_1d", "log ratio", "decayed sum of amount_to_category", "half-life 1 day", _CUSTOMER),
    Feature(
        "outliers_20d",
        "payments",
        "payments above 2.5 times the mean, decayed",
        "half-life 20 days",
        _CUSTOMER,
        "fills",
    ),
    Feature("days_since_outlier", "days", "time since the newest of those; 400 without one", "400 days", _CUSTOMER),
    Feature("largest_ratio_14d", "ratio", "largest recent amount by the mean", "half-life 14 days", _CUSTOMER),
    Feature("amount_to_largest", "ratio", "amount by that largest one; 1 without one", "half-life 14 days", _CUSTOMER),
)
_OF_THE_PACE = (
    Feature("payments_10m", "payments", "decayed count of payments", "half-life 10 minutes", _CUSTOMER),
    Feature("payments_1h", "payments", "decayed count of payments", "half-life 1 hour", _CUSTOMER),
    Feature("payments_1d", "payments", "decayed count of payments", "half-life 1 day", _CUSTOMER),
    Feature("payments_7d", "payments", "decayed count of payments", "half-life 7 days", _CUSTOMER),
    Feature("payments_30d", "payments", "decayed count of payments", "half-life 30 days", _CUSTOMER, "fills"),
    Feature("amount_1h", "currency", "decayed sum of amounts", "half-life 1 hour", _CUSTOMER),
    Feature("amount_1d", "currency", "decayed sum of amounts", "half-life 1 day", _CUSTOMER),
    Feature("online_1h", "payments", "payments online, decayed", "half-life 1 hour", _CUSTOMER),
    Feature("small_payments_1h", "payments", "payments of at most 7 units, decayed", "half-life 1 hour", _CUSTOMER),
    Feature("hours_since_last", "hours", "time since the newest payment; 9600 on a first one", "400 days", _CUSTOMER),
    Feature("age_days", "days", "time since the customer's first payment", "all", _CUSTOMER, "fills"),
    Feature("payments_known", "payments", "payments of the customer so far", "all", _CUSTOMER, "fills"),
)
_OF_HABITS = (
    Feature("online", "0 or 1", "channel is online; if absent, the category says so", "none", _PAYMENT),
    Feature("category_share", "share", "share of this category in the customer's payments", "100 payments", _CUSTOMER),
    Feature("new_device", "0 or 1", "not one of the customer's last three devices", "3 devices", _CUSTOMER),
    Feature(
        "device_age_days", "days", "time since this device appeared; 400 without one", "3 devices", _CUSTOMER, "fills"
    ),
    Feature(
        "merchants_since", "merchants", "other merchants paid since this one; 16 if new", "16 merchants", _CUSTOMER
    ),
    Feature("new_merchants_1h", "payments", "payments at new merchants, decayed", "half-life 1 hour", _CUSTOMER),
    Feature("new_merchants_1d", "payments", "payments at new merchants, decayed", "half-life 1 day", _CUSTOMER),
    Feature("hour", "hours", "time of day, UTC", "none", _PAYMENT),
    Feature("weekend", "0 or 1", "Saturday or Sunday, UTC", "none", _PAYMENT, "date"),
    Feature("hour_distance", "0 to 2", "distance from the customer's mean time of day", "about 30 payments", _CUSTOMER),
    Feature("distance_km", "km", "from the last card-present payment's city; 0 online", "all", _CUSTOMER),
    Feature("speed_kmh", "km/h", "that distance by the time between, at least 3 minutes", "all", _CUSTOMER),
    Feature("fastest_6h", "km/h", "largest recent speed of the customer", "half-life 6 hours", _CUSTOMER),
    Feature("city_changes_1d", "changes", "changes of city, card present, decayed", "half-life 1 day", _CUSTOMER),
    Feature(
        "city_share", "share", "share of this city in the card-present payments", "100 payments", _CUSTOMER, "fills"
    ),
)
_OF_OUTCOMES = (
    Feature(
        "days_since_fraud",
        "days",
        "since the last confirmed fraud; 400 without one",
        "400 days",
        _CUSTOMER_LABELS,
        "fills",
    ),
    Feature("frauds_30d", "payments", "confirmed frauds, decayed", "half-life 30 days", _CUSTOMER_LABELS, "fills"),
    Feature("ratio_to_genuine", "ratio", "amount ratio by the mean one of confirmed genuine", "all", _CUSTOMER_LABELS),
    Feature("fraud_run", "payments", "frauds since the newest genuine payment", "all", _MERCHANT_LABELS, "shared"),
    Feature("unexplained_run", "payments", "those whose amount was not unusual", "all", _MERCHANT_LABELS, "shared"),
    Feature(
        "run_age_days", "days", "time since that run began; 400 without one", "400 days", _MERCHANT_LABELS, "shared"
    ),
    Feature(
        "merchant_days_since_fraud",
        "days",
        "since its last fraud; 400 without one",
        "400 days",
        _MERCHANT_LABELS,
        "shared",
    ),
    Feature(
        "merchant_days_since_genuine",
        "days",
        "since its last genuine one; 400 if none",
        "400 days",
        _MERCHANT_LABELS,
        "shared",
    ),
    Feature(
        "merchant_fraud_rate_3d",
        "share",
        "share of fraud in labels, decayed",
        "half-life 3 days",
        _MERCHANT_LABELS,
        "shared",
    ),
    Feature(
        "merchant_fraud_rate_10d",
        "share",
        "share of fraud in labels, decayed",
        "half-life 10 days",
        _MERCHANT_LABELS,
        "shared",
    ),
    Feature("merchant_frauds_10d", "payments", "frauds, decayed", "half-life 10 days", _MERCHANT_LABELS, "shared"),
    Feature(
        "merchant_unexplained_10d",
        "payments",
        "unexplained frauds, decayed",
        "half-life 10 days",
        _MERCHANT_LABELS,
        "shared",
    ),
)

FEATURES: tuple[Feature, ...] = _OF_THE_AMOUNT + _OF_THE_PACE + _OF_HABITS + _OF_OUTCOMES
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
FEATURE_COUNT = len(FEATURES)

_INDEX = {name: column for column, name in enumerate(FEATURE_NAMES)}


def index_of(name: str) -> int:
    """The column of a feature in a vector.

    Raises:
        KeyError: no feature has this name.
    """
    return _INDEX[name]


def catalogue_page() -> str:
    """The catalogue as a page of documentation, in Markdown."""
    lines = [
        "# Features",
        "",
        f"Generated from `features/catalogue.py`, catalogue version {CATALOGUE_VERSION}: {FEATURE_COUNT} features, in",
        "the order of a vector's columns. Every one is computed before the payment itself enters the state.",
        "Drift is measured in what is comparable: what `fills` goes on growing for more than a month, the `date` alone",
        "decides another, and what all payments of a merchant have `shared` is moved by a single merchant.",
        "",
        "| column | feature | unit | meaning | window | from | comparable |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {column} | `{f.name}` | {f.unit} | {f.meaning} | {f.window} | {f.source} | {f.comparable} |"
        for column, f in enumerate(FEATURES)
    ]
    return "\n".join([*lines, ""])
