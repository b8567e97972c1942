import math

import pytest
from tests.unit.features.streams import HOUR, Paid, last

from fraudstream.features.events import ABSENT, CATEGORIES
from fraudstream.features.levels import LEVEL_STEP

GROCERIES, TRAVEL, LUXURY = (CATEGORIES.index(name) for name in ("Groceries", "Travel", "Luxury Goods"))
HISTORY = [Paid(hour * HOUR, amount, category=code) for hour in range(8) for amount, code in ((30, 1), (400, 8))]


def test_an_amount_is_compared_with_its_own_category() -> None:
    usual = last([*HISTORY, Paid(9 * HOUR, 400, category=TRAVEL)], "amount_to_category")
    unusual = last([*HISTORY, Paid(9 * HOUR, 400, category=GROCERIES)], "amount_to_category")

    assert usual == pytest.approx(0, abs=LEVEL_STEP)
    assert unusual == pytest.approx(math.log(401 / 31), abs=LEVEL_STEP)


def test_a_new_category_is_compared_with_all_payments() -> None:
    payments = [*[Paid(hour * HOUR, 30) for hour in range(4)], Paid(5 * HOUR, 60, category=LUXURY)]

    assert last(payments, "amount_to_category") == pytest.approx(math.log(61 / 31))


def test_nothing_is_unusual_without_a_category() -> None:
    without = [*HISTORY, Paid(9 * HOUR, 5_000, category=ABSENT)]

    assert last(without, "amount_to_category") == 0
    assert last([*without, Paid(9 * HOUR)], "excess_1h") == last([*HISTORY, Paid(9 * HOUR)], "excess_1h")


def test_nothing_is_unusual_about_a_first_payment() -> None:
    assert last([Paid(0, 5_000)], "amount_to_category") == 0


def test_the_level_follows_slowly_and_not_beyond_its_bound() -> None:
    bounded = last([*HISTORY, Paid(9 * HOUR, 1e6), Paid(10 * HOUR, 30)], "amount_to_category")

    assert -1.5 / 5 < bounded < 0


def test_excess_adds_up_and_fades() -> None:
    burst = [*HISTORY, *[Paid(20 * HOUR, 60) for _ in range(3)]]
    excess = last([*burst, Paid(20 * HOUR)], "excess_1h")

    assert 1.2 < excess < 3 * math.log(2)
    assert last([*burst, Paid(21 * HOUR)], "excess_1h") == pytest.approx(excess / 2)
