"""What is said against a payment speaks for fraud, and has what is usual beside it."""

import numpy as np
import pytest

from fraudstream.decisions.suspicions import SUSPICIONS, suspicion
from fraudstream.features.catalogue import FEATURE_COUNT, FEATURE_NAMES, index_of
from fraudstream.features.events import Floats
from fraudstream.features.payment import NEVER_DAYS

ORDINARY = {
    "amount": 40.0,
    "amount_ratio": 0.976,
    "usual_amount": 41.0,
    "largest_ratio_14d": 1.2,
    "amount_to_largest": 0.8,
    "days_since_outlier": NEVER_DAYS,
    "payments_10m": 0.01,
    "payments_1h": 0.06,
    "payments_1d": 1.0,
    "payments_7d": 6.5,
    "payments_30d": 28.0,
    "amount_1h": 2.0,
    "amount_1d": 40.0,
    "hours_since_last": 22.0,
    "age_days": 4_000.0,
    "payments_known": 700.0,
    "category_share": 0.3,
    "device_age_days": 300.0,
    "merchants_since": 2.0,
    "new_merchants_1d": 0.2,
    "hour": 10.45,
    "hour_distance": 0.2,
    "weekend": 1.0,
    "fastest_6h": 20.0,
    "city_share": 0.9,
    "days_since_fraud": NEVER_DAYS,
    "ratio_to_genuine": 1.0,
    "run_age_days": NEVER_DAYS,
    "merchant_days_since_fraud": NEVER_DAYS,
    "merchant_days_since_genuine": 2.0,
    "merchant_fraud_rate_3d": 0.01,
    "merchant_fraud_rate_10d": 0.01,
}
"""A payment like any other: of a customer known for years, at a place and a merchant he knows."""
FIRST = {
    "amount_ratio": 1.0,
    "amount_to_largest": 1.0,
    "payments_known": 0.0,
    "age_days": 0.0,
    "payments_30d": 0.0,
    "payments_7d": 0.0,
    "payments_1d": 0.0,
    "hours_since_last": 9_600.0,
    "device_age_days": 0.0,
    "category_share": 0.0,
    "city_share": 0.0,
    "merchants_since": 16.0,
}

HIGH: dict[str, tuple[dict[str, float], str]] = {
    "amount": ({"amount": 912.4, "amount_ratio": 22.25}, "Amount of 912.40, usually about 41"),
    "usual_amount": ({"amount": 912.4, "amount_ratio": 22.25}, "Amount of 912.40, usually about 41"),
    "amount_ratio": (
        {"amount": 246.0, "amount_ratio": 6.0},
        "Amount of 246.00 is 6 times the customer's usual 41",
    ),
    "amount_zscore": (
        {"amount": 246.0, "amount_zscore": 3.14},
        "Amount of 246.00 is 3.1 deviations above the customer's usual ones, about 41",
    ),
    "amount_to_category": (
        {"amount": 246.0, "amount_to_category": float(np.log(4.2))},
        "Amount of 246.00 is 4.2 times what the customer usually pays in this category",
    ),
    "excess_1h": (
        {"excess_1h": float(np.log(12))},
        "Amounts of the last hour were above the usual ones, 12 times in all",
    ),
    "excess_1d": (
        {"excess_1d": float(np.log(12))},
        "Amounts of the last day were above the usual ones, 12 times in all",
    ),
    "outliers_20d": ({"outliers_20d": 2.8}, "3 unusually large amounts in the last 20 days"),
    "largest_ratio_14d": (
        {"largest_ratio_14d": 5.0},
        "Largest amount of the last 14 days was 5 times the usual 41",
    ),
    "amount_to_largest": (
        {"amount": 246.0, "amount_to_largest": 2.3},
        "Amount of 246.00 is 2.3 times the customer's largest recent one",
    ),
    "payments_10m": ({"payments_10m": 8.9}, "9 payments in the last 10 minutes, usually none"),
    "payments_1h": ({"payments_1h": 1.2}, "1 payment in the last hour, usually none"),
    "payments_1d": ({"payments_1d": 9.0}, "9 payments in the last day, usually 0.9"),
    "payments_7d": ({"payments_7d": 30.0}, "30 payments in the last 7 days, usually 6.5"),
    "payments_30d": ({"payments_30d": 120.0}, "120 payments in a month"),
    "amount_1h": (
        {"amount_1h": 1_820.0},
        "1,820.00 spent in the last hour before this payment, usually about 41 at a time",
    ),
    "amount_1d": (
        {"amount_1d": 1_820.0},
        "1,820.00 spent in the last day before this payment, usually about 41 at a time",
    ),
    "online_1h": ({"online_1h": 2.9}, "3 payments online in the last hour"),
    "small_payments_1h": ({"small_payments_1h": 1.9}, "2 tiny payments in the last hour, as when a card is tested"),
    "hours_since_last": ({"hours_since_last": 24 * 45.0}, "First payment after 45 days"),
    "online": ({"online": 1.0}, "Paid online, without showing the card"),
    "new_device": ({"new_device": 1.0}, "First payment with this device"),
    "device_age_days": ({"device_age_days": NEVER_DAYS}, "Payment names no device"),
    "merchants_since": ({"merchants_since": 16.0}, "Merchant is new to this customer"),
    "new_merchants_1h": ({"new_merchants_1h": 1.9}, "2 payments at new merchants in the last hour"),
    "new_merchants_1d": ({"new_merchants_1d": 3.1}, "3 payments at new merchants in the last day"),
    "hour": (
        {"hour": 3.2, "hour_distance": 1.7},
        "Paid at 03:12 UTC, far from the customer's usual time of day",
    ),
    "hour_distance": (
        {"hour": 3.2, "hour_distance": 1.7},
        "Paid at 03:12 UTC, far from the customer's usual time of day",
    ),
    "distance_km": ({"distance_km": 3_935.2}, "3,935 km from the city of the last card-present payment"),
    "speed_kmh": ({"speed_kmh": 1_200.0}, "1,200 km/h would be needed since the last card-present payment"),
    "fastest_6h": ({"fastest_6h": 900.0}, "Up to 900 km/h between card-present payments of the last hours"),
    "city_changes_1d": ({"city_changes_1d": 1.0}, "1 change of city in the last day, with the card present"),
    "frauds_30d": ({"frauds_30d": 1.8}, "2 confirmed frauds on this customer in about 30 days"),
    "ratio_to_genuine": (
        {"amount": 246.0, "ratio_to_genuine": 5.0},
        "Amount of 246.00 is 5 times the ones confirmed as genuine",
    ),
    "fraud_run": ({"fraud_run": 3.0}, "Newest 3 known outcomes at this merchant are all fraud"),
    "unexplained_run": ({"unexplained_run": 2.0}, "2 frauds of ordinary amounts in a row at this merchant"),
    "merchant_days_since_genuine": (
        {"merchant_days_since_genuine": NEVER_DAYS},
        "Nothing was confirmed as genuine at this merchant yet",
    ),
    "merchant_fraud_rate_3d": (
        {"merchant_fraud_rate_3d": 0.6},
        "60 % of this merchant's known outcomes of about 3 days are fraud",
    ),
    "merchant_fraud_rate_10d": (
        {"merchant_fraud_rate_10d": 0.6},
        "60 % of this merchant's known outcomes of about 10 days are fraud",
    ),
    "merchant_frauds_10d": ({"merchant_frauds_10d": 2.2}, "2 confirmed frauds at this merchant in about 10 days"),
    "merchant_unexplained_10d": (
        {"merchant_unexplained_10d": 1.0},
        "1 confirmed fraud of ordinary amounts at this merchant in about 10 days",
    ),
}
LOW: dict[str, tuple[dict[str, float], str]] = {
    "amount": ({"amount": 2.1, "amount_ratio": 0.05}, "Amount of 2.10, usually about 41"),
    "usual_amount": ({"amount": 2.1, "amount_ratio": 0.05}, "Amount of 2.10, usually about 41"),
    "amount_ratio": ({"amount": 2.1, "amount_ratio": 0.05}, "Amount of 2.10, usually about 41"),
    "amount_zscore": (
        {"amount": 2.1, "amount_zscore": -3.14},
        "Amount of 2.10 is 3.1 deviations below the customer's usual ones, about 41",
    ),
    "amount_to_category": (
        {"amount": 2.1, "amount_to_category": -3.0},
        "Amount of 2.10 is far below the customer's usual one in this category",
    ),
    "excess_1h": (
        {"excess_1h": -3.0},
        "Amounts of the last hour were far below what is usual, as when a card is tested",
    ),
    "excess_1d": (
        {"excess_1d": -3.0},
        "Amounts of the last day were far below what is usual, as when a card is tested",
    ),
    "days_since_outlier": ({"days_since_outlier": 2.2}, "Last unusually large amount was 2 days ago"),
    "payments_30d": ({"payments_30d": 0.7}, "Hardly used: 1 payment in the last 30 days"),
    "hours_since_last": ({"hours_since_last": 0.1}, "Last payment was only 6 minutes ago"),
    "age_days": ({"age_days": 3.3}, "Customer is known for only 3 days"),
    "payments_known": ({"payments_known": 3.0}, "Only 3 earlier payments of this customer"),
    "category_share": ({"category_share": 0.02}, "Only 2 % of the customer's payments were in this category"),
    "device_age_days": ({"device_age_days": 2.2}, "Device first seen with this customer 2 days ago"),
    "city_share": ({"city_share": 0.0}, "Customer has never paid in this city with the card present"),
    "days_since_fraud": ({"days_since_fraud": 3.2}, "Last confirmed fraud on this customer was 3 days ago"),
    "ratio_to_genuine": (
        {"amount": 2.1, "ratio_to_genuine": 0.05},
        "Amount of 2.10 is far below the customer's amounts confirmed as genuine",
    ),
    "run_age_days": ({"run_age_days": 3.2}, "Frauds in a row at this merchant began 3 days ago"),
    "merchant_days_since_fraud": (
        {"merchant_days_since_fraud": 3.2},
        "Last confirmed fraud at this merchant was 3 days ago",
    ),
}
VARIANTS = [
    ("category_share", {"category_share": 0.0}, "First payment of this customer in this category"),
    ("city_share", {"city_share": 0.02}, "Only 2 % of the customer's card-present payments were in this city"),
    ("device_age_days", {"device_age_days": 0.0, "new_device": 1.0}, "First payment with this device"),
    ("merchants_since", {"merchants_since": 9.0}, "9 other merchants paid since the last payment here"),
    ("fraud_run", {"fraud_run": 1.0}, "Newest known outcome at this merchant is fraud"),
    (
        "merchant_days_since_genuine",
        {"merchant_days_since_genuine": 45.0},
        "Nothing was confirmed as genuine at this merchant for 45 days",
    ),
    ("amount", {"amount": 20.0, "amount_ratio": 9.0, "usual_amount": 2.25}, "Amount of 20.00, usually about 2.25"),
]


def a_vector(**values: float) -> Floats:
    vector = np.zeros(FEATURE_COUNT)
    for name, value in (ORDINARY | values).items():
        vector[index_of(name)] = value
    return vector


def test_every_feature_of_the_catalogue_is_thought_of_and_no_other() -> None:
    assert set(SUSPICIONS) == set(FEATURE_NAMES)


def test_every_direction_that_can_be_a_reason_is_tried_here() -> None:
    assert {name for name, kind in SUSPICIONS.items() if kind.high is not None} == HIGH.keys()
    assert {name for name, kind in SUSPICIONS.items() if kind.low is not None} == LOW.keys()


def test_the_day_of_the_week_alone_is_no_reason() -> None:
    assert set(FEATURE_NAMES) - HIGH.keys() - LOW.keys() == {"weekend"}


@pytest.mark.parametrize("name", HIGH)
def test_a_high_value_says_what_speaks_for_fraud(name: str) -> None:
    values, text = HIGH[name]

    assert suspicion(name, a_vector(**values)) == text


@pytest.mark.parametrize("name", LOW)
def test_a_low_value_says_what_speaks_for_fraud(name: str) -> None:
    values, text = LOW[name]

    assert suspicion(name, a_vector(**values)) == text


@pytest.mark.parametrize(("name", "values", "text"), VARIANTS)
def test_an_extreme_is_said_as_what_it_is(name: str, values: dict[str, float], text: str) -> None:
    assert suspicion(name, a_vector(**values)) == text


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_an_ordinary_value_is_no_reason(name: str) -> None:
    """Nor is an absent one: no tiny payments, no frauds in a row, no fraud on the customer."""
    assert suspicion(name, a_vector()) is None


def test_a_first_payment_is_said_to_be_one_and_no_habit_is_made_up() -> None:
    vector = a_vector(**FIRST)

    assert {suspicion(name, vector) for name in FEATURE_NAMES} == {
        None,
        "First payment of this customer",
        "Merchant is new to this customer",
    }


@pytest.mark.parametrize("name", FEATURE_NAMES)
@pytest.mark.parametrize("value", [0.0, 1e-9, 0.37, 0.5, 1.0, 3.25, 24.0, 400.0, 9_600.0, 1e6, -1.0, -7.5])
def test_a_reason_is_one_sentence_for_any_value(name: str, value: float) -> None:
    text = suspicion(name, np.full(FEATURE_COUNT, value))

    if text is not None:
        assert text[0].isupper() or text[0].isdigit()
        assert not {"_", "{", "\n"} & set(text)
        assert not text.startswith("0 ")
        assert "  " not in text
        assert len(text) <= 100
