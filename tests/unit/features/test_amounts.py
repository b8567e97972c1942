import pytest
from tests.unit.features.streams import DAY, HOUR, Paid, features, last

from fraudstream.features.events import Floats


def paid(*amounts: float, apart: float = HOUR) -> list[Paid]:
    return [Paid(number * apart, amount=amount) for number, amount in enumerate(amounts)]


def ratios(*amounts: float) -> Floats:
    return features(paid(*amounts), "amount_ratio")[:, 0]


def test_the_ratio_is_the_amount_by_the_mean_before_it() -> None:
    assert ratios(20, 40, 60) == pytest.approx([1, 2, 2])


def test_amounts_are_never_divided_by_less_than_one() -> None:
    assert ratios(0, 0.5)[1] == 0.5


def test_an_unusual_amount_teaches_the_mean_no_more_than_its_bound() -> None:
    honest = ratios(20, 20, 20, 20, 50, 20)
    winsorised = ratios(20, 20, 20, 20, 900, 20)

    assert winsorised[4] == 45
    assert winsorised[5] == honest[5]


def test_a_mean_of_nothing_can_grow_again() -> None:
    assert ratios(*[0.0] * 10, *[30.0] * 100)[-1] < 3


def test_the_mean_follows_a_changed_habit() -> None:
    assert ratios(*[10.0] * 300, *[20.0] * 1_000)[-1] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("amount", "sign"), [(5.0, -1), (80.0, 1)])
def test_the_zscore_says_how_unusual_an_amount_is(amount: float, sign: int) -> None:
    steady = last(paid(*[19.0, 21.0] * 10, amount), "amount_zscore")
    erratic = last(paid(*[5.0, 80.0] * 10, amount), "amount_zscore")

    assert steady * sign > 3
    assert 0 < erratic * sign < 1.5


def test_the_zscore_is_bounded() -> None:
    assert last(paid(*[20.0] * 10, 1e6), "amount_zscore") == 10
    assert last(paid(*[1e6] * 10, 0), "amount_zscore") == -10


def test_outliers_are_counted_from_the_fourth_payment_on() -> None:
    assert last(paid(20, 20, 200, 20), "outliers_20d") == 0
    assert last(paid(20, 20, 20, 200, 20, apart=0), "outliers_20d") == 1


def test_outliers_fade_by_half_in_twenty_days() -> None:
    history = [*paid(20, 20, 20, 200, apart=0), Paid(20 * DAY)]

    assert last(history, "outliers_20d") == 0.5
    assert last(history, "days_since_outlier") == 20


def test_without_an_outlier_it_was_never() -> None:
    assert last(paid(20, 20, 20, 49), "days_since_outlier") == 400


def test_the_largest_recent_amount_is_remembered_and_fades() -> None:
    history = paid(*[20.0] * 4, 100, apart=0)
    mean = (4 * 20 + 50) / 5

    assert last([*history, Paid(0)], "largest_ratio_14d") == pytest.approx(100 / mean)
    assert last([*history, Paid(14 * DAY)], "largest_ratio_14d") == pytest.approx(50 / mean)


def test_the_usual_amount_is_the_mean_that_ratios_are_taken_of() -> None:
    amounts, usual, ratio = features(paid(20, 40, 900, 30), "amount", "usual_amount", "amount_ratio").T

    assert usual.tolist() == [20, 20, 30, 320]
    assert ratio == pytest.approx(amounts / usual)


def test_an_amount_is_compared_with_the_largest_recent_one() -> None:
    history = paid(20, 100, 20, apart=0)

    assert features([*history, Paid(0, 50)], "amount_to_largest")[:, 0].tolist() == [1, 5, 0.2, 0.5]
    assert last([*history, Paid(14 * DAY, 50)], "amount_to_largest") == 1
