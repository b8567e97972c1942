"""Reasons are sentences that an analyst can read."""

import numpy as np
import pytest

from fraudstream.decisions.reasons import MOST, reasons
from fraudstream.decisions.sentences import SENTENCES, sentence
from fraudstream.features.catalogue import FEATURE_COUNT, FEATURE_NAMES, index_of
from fraudstream.features.events import Floats


def a_vector(**values: float) -> Floats:
    vector = np.zeros(FEATURE_COUNT)
    for name, value in values.items():
        vector[index_of(name)] = value
    return vector


def test_every_feature_of_the_catalogue_has_a_sentence_and_no_other_has() -> None:
    assert set(SENTENCES) == set(FEATURE_NAMES)


@pytest.mark.parametrize("name", FEATURE_NAMES)
@pytest.mark.parametrize("value", [0.0, 1e-9, 0.37, 1.0, 3.25, 24.0, 400.0, 9_600.0, 1e6, -1.0, -7.5])
def test_every_sentence_is_one_for_any_value(name: str, value: float) -> None:
    text = sentence(name, np.full(FEATURE_COUNT, value))

    assert text[0].isupper() or text[0].isdigit() or text[0] == "-"
    assert not {"_", "{", "\n"} & set(text)
    assert "nan" not in text
    assert "  " not in text
    assert len(text) <= 100


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        (
            "payments_10m",
            {"payments_10m": 8.9, "payments_30d": 86.6, "age_days": 400.0},
            "9 payments in the last 10 minutes, usually 0.02",
        ),
        (
            "payments_1d",
            {"payments_1d": 1.2, "payments_30d": 60.0, "age_days": 4_000.0},
            "1 payment in the last day, usually 2",
        ),
        ("amount", {"amount": 1_234.5}, "Amount of 1,234.50"),
        ("amount_ratio", {"amount_ratio": 6.04}, "Amount is 6.0 times the customer's usual amount"),
        ("amount_ratio", {"amount_ratio": 41.2}, "Amount is 41 times the customer's usual amount"),
        ("new_device", {"new_device": 1.0}, "Device never seen with this customer"),
        ("new_device", {}, "Device known with this customer"),
        ("hours_since_last", {"hours_since_last": 0.1}, "Last payment was 6 minutes ago"),
        ("hours_since_last", {"hours_since_last": 0.01}, "Last payment was less than a minute ago"),
        ("hours_since_last", {"hours_since_last": 9_600.0}, "First payment of this customer"),
        ("days_since_fraud", {"days_since_fraud": 400.0}, "No confirmed fraud on this customer"),
        ("days_since_fraud", {"days_since_fraud": 3.2}, "Last confirmed fraud on this customer was 3 days ago"),
        ("device_age_days", {"new_device": 1.0}, "Device never seen with this customer"),
        ("device_age_days", {"device_age_days": 12.4}, "Device first seen with this customer 12 days ago"),
        ("city_share", {}, "Customer has never paid in this city with the card present"),
        ("hour", {"hour": 3.55}, "Paid at 03:33 UTC"),
        ("distance_km", {"distance_km": 3_935.2}, "3,935 km from the city of the last card-present payment"),
        ("fraud_run", {"fraud_run": 3.0}, "Newest 3 outcomes known of this merchant: all fraud"),
        ("fraud_run", {"fraud_run": 0.0}, "Newest outcome known of this merchant is no fraud, or there is none"),
        ("merchants_since", {"merchants_since": 99.0}, "Merchant is new to this customer"),
        ("merchants_since", {"merchants_since": 1.0}, "1 other merchant paid since the last payment here"),
    ],
)
def test_sentences_carry_the_value_in_words(name: str, values: dict[str, float], text: str) -> None:
    assert sentence(name, a_vector(**values)) == text


def test_what_is_usual_for_a_new_customer_is_not_understated() -> None:
    """Two payments a day for three days: the decayed count of 30 days has hardly begun to fill."""
    young = a_vector(payments_1d=2.0, payments_30d=5.8, age_days=3.0)

    assert sentence("payments_1d", young) == "2 payments in the last day, usually 2.9"


def test_only_what_raised_the_score_is_a_reason_strongest_first() -> None:
    columns = np.array([index_of("new_device"), index_of("amount_ratio"), -1, -1], np.int16)

    found = reasons(
        columns,
        np.array([2.5, 1.25, 0.0, 0.0]),
        a_vector(new_device=1.0, amount=912.4, amount_ratio=22.25, usual_amount=41.0),
    )

    assert [(reason.feature, reason.value, reason.contribution) for reason in found] == [
        ("new_device", 1.0, 2.5),
        ("amount_ratio", 22.25, 1.25),
    ]
    assert [reason.text for reason in found] == [
        "First payment with this device",
        "Amount of 912.40 is 22 times the customer's usual 41",
    ]


def test_a_score_that_nothing_raised_has_no_reasons() -> None:
    assert reasons(np.full(4, -1, np.int16), np.zeros(4), a_vector()) == ()


def test_what_does_not_speak_for_fraud_makes_room_for_what_does() -> None:
    silent = ("small_payments_1h", "run_age_days", "days_since_fraud", "hour", "weekend")
    telling = ("new_device", "fraud_run", "frauds_30d", "online_1h", "merchant_frauds_10d")
    columns = np.array([index_of(name) for name in silent + telling], np.int16)
    vector = a_vector(run_age_days=400.0, days_since_fraud=400.0, hour=10.45, **dict.fromkeys(telling, 1.0))

    found = reasons(columns, np.linspace(3.0, 1.0, len(columns)), vector)

    assert [reason.feature for reason in found] == list(telling)[:MOST]


@pytest.mark.parametrize(
    ("two", "values", "text"),
    [
        (("device_age_days", "new_device"), {"new_device": 1.0}, "First payment with this device"),
        (
            ("hour", "hour_distance"),
            {"hour": 3.2, "hour_distance": 1.7},
            "Paid at 03:12 UTC, far from the customer's usual time of day",
        ),
    ],
)
def test_two_features_that_say_the_same_are_one_reason_the_stronger(
    two: tuple[str, str], values: dict[str, float], text: str
) -> None:
    columns = np.array([index_of(two[0]), index_of(two[1]), -1, -1], np.int16)

    found = reasons(columns, np.array([2.0, 1.0, 0.0, 0.0]), a_vector(**values))

    assert [(reason.feature, reason.text) for reason in found] == [(two[0], text)]
