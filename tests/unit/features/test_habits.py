import pytest
from tests.unit.features.streams import DAY, HOUR, Paid, features, last

from fraudstream.features.events import ABSENT, CATEGORIES

FRAUDSTER, OWN = 9, 4


def test_the_first_device_is_the_customers_own() -> None:
    assert last([Paid(0, device=OWN)], "new_device") == 0


def test_another_device_is_new_once() -> None:
    payments = [Paid(0, device=OWN), Paid(DAY, device=FRAUDSTER), Paid(DAY, device=FRAUDSTER), Paid(DAY, device=OWN)]

    assert features(payments, "new_device")[:, 0].tolist() == [0, 1, 0, 0]


def test_a_device_is_as_old_as_its_first_payment() -> None:
    payments = [Paid(0, device=OWN), Paid(5 * DAY, device=FRAUDSTER), Paid(5.5 * DAY, device=FRAUDSTER)]

    assert features(payments, "device_age_days")[:, 0].tolist() == [0, 0, 0.5]


def test_three_devices_are_remembered_and_the_one_used_longest_ago_is_forgotten() -> None:
    devices = [1, 2, 3, 1, 4, 2]

    assert last([Paid(number * HOUR, device=device) for number, device in enumerate([*devices, 1])], "new_device") == 0
    assert last([Paid(number * HOUR, device=device) for number, device in enumerate(devices)], "new_device") == 1


def test_an_absent_device_is_neutral() -> None:
    payments = [Paid(0, device=OWN), Paid(3 * DAY)]

    assert features(payments, "new_device", "device_age_days")[-1].tolist() == [0, 400]


def test_merchants_since_counts_the_other_merchants_paid_since() -> None:
    payments = [Paid(0, merchant=merchant) for merchant in (1, 2, 3, 3, 1)]

    assert features(payments, "merchants_since")[:, 0].tolist() == [16, 16, 16, 0, 2]


def test_sixteen_merchants_are_remembered() -> None:
    payments = [Paid(0, merchant=merchant) for merchant in range(16)]

    assert last([*payments, Paid(0, merchant=0)], "merchants_since") == 15
    assert last([*payments, Paid(0, merchant=16), Paid(0, merchant=0)], "merchants_since") == 16


def test_an_absent_merchant_is_neutral_and_not_remembered() -> None:
    payments = [Paid(0, merchant=1), Paid(0, merchant=ABSENT), Paid(0, merchant=1)]

    assert features(payments, "merchants_since")[:, 0].tolist() == [16, 0, 0]


def test_payments_at_new_merchants_are_counted_and_fade() -> None:
    payments = [Paid(0, merchant=1), Paid(0, merchant=1), Paid(0, merchant=2), Paid(DAY)]

    assert last(payments, "new_merchants_1d") == 1
    assert last(payments, "new_merchants_1h") == pytest.approx(2 * 2.0**-24)
    assert last([*payments[:3], Paid(HOUR)], "new_merchants_1h") == 1


def test_a_late_payment_at_a_new_merchant_counts_as_much_as_it_would_by_now() -> None:
    names = ("new_merchants_1h", "new_merchants_1d")
    late = features([Paid(HOUR, merchant=1), Paid(0, merchant=2), Paid(HOUR)], *names)[-1]

    assert late.tolist() == pytest.approx(
        features([Paid(0, merchant=2), Paid(HOUR, merchant=1), Paid(HOUR)], *names)[-1]
    )


def test_the_share_of_a_category() -> None:
    groceries, travel = CATEGORIES.index("Groceries"), CATEGORIES.index("Travel")
    history = [Paid(0, category=groceries)] * 3 + [Paid(0, category=travel)]

    assert last([*history, Paid(0, category=travel)], "category_share") == 0.25
    assert last([*history, Paid(0, category=0)], "category_share") == 0
    assert last([*history, Paid(0, category=ABSENT)], "category_share") == 1


@pytest.mark.parametrize(("day", "weekend"), [(2, 0), (3, 1), (4, 1), (5, 0)])
def test_saturday_and_sunday_are_the_weekend(day: int, weekend: int) -> None:
    assert last([Paid(day * DAY)], "weekend") == weekend


def test_the_usual_hour_is_told_across_midnight() -> None:
    late_evenings = [Paid(day * DAY + hour * HOUR) for day in range(10) for hour in (23, 25)]

    assert last([*late_evenings, Paid(11 * DAY)], "hour_distance") == pytest.approx(0, abs=0.05)
    assert last([*late_evenings, Paid(11 * DAY + 12 * HOUR)], "hour_distance") > 1.9


def test_no_hour_is_unusual_before_five_payments() -> None:
    assert last([*[Paid(0)] * 4, Paid(12 * HOUR)], "hour_distance") == 0
