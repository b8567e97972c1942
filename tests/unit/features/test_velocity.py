import pytest
from tests.unit.features.streams import DAY, HOUR, MINUTE, Paid, last

from fraudstream.features.events import CHANNELS

HALF_LIVES = {"10m": 10 * MINUTE, "1h": HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}


@pytest.mark.parametrize("window", HALF_LIVES)
def test_a_count_fades_by_half_in_its_half_life(window: str) -> None:
    payments = [Paid(0), Paid(0), Paid(HALF_LIVES[window])]

    assert last(payments, f"payments_{window}") == 1


@pytest.mark.parametrize("window", ["1h", "1d"])
def test_a_sum_fades_by_half_in_its_half_life(window: str) -> None:
    assert last([Paid(0, 30), Paid(0, 50), Paid(HALF_LIVES[window])], f"amount_{window}") == 40


def test_a_burst_stands_out_from_the_same_payments_spread() -> None:
    burst = [Paid(number * MINUTE, 1.5) for number in range(8)]
    spread = [Paid(number * DAY, 1.5) for number in range(8)]

    assert last(burst, "payments_10m") > 4
    assert last(spread, "payments_10m") < 0.001


def test_only_small_payments_are_counted_as_small() -> None:
    assert last([Paid(0, 7.0), Paid(0, 7.01), Paid(0, 0.6), Paid(0)], "small_payments_1h") == 2


def test_times_since_the_first_and_the_newest_payment() -> None:
    payments = [Paid(0), Paid(2 * DAY), Paid(2 * DAY + 3 * HOUR)]

    assert last(payments, "hours_since_last") == 3
    assert last(payments, "age_days") == 2.125
    assert last(payments, "payments_known") == 2


def test_a_first_payment_comes_after_the_longest_time() -> None:
    assert last([Paid(0)], "hours_since_last") == last([Paid(0), Paid(9_999 * DAY)], "hours_since_last") == 9_600


def test_only_payments_online_are_counted_as_online() -> None:
    online, in_shop = Paid(0, channel=CHANNELS.index("online")), Paid(0)

    assert last([online, in_shop, online, Paid(HOUR)], "online_1h") == 1
    assert last([Paid(HOUR), online, Paid(HOUR)], "online_1h") == 0.5
