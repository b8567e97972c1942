import numpy as np
import pytest

from fraudstream.features.events import Floats, Ints
from fraudstream.features.labels import NO_ROW, LabelColumns, apply_labels
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, MERCHANT_RISK_WIDTH

NOW = 1.76e9


def labels(count: int) -> LabelColumns:
    rng = np.random.default_rng(count)
    event_time = NOW + rng.random(count) * 1e6
    return LabelColumns(event_time + 1e5, rng.random(count) < 0.3, event_time, rng.lognormal(0, 1, count))


def rows() -> tuple[Floats, Floats]:
    return np.zeros((4, CUSTOMER_RISK_WIDTH)), np.zeros((4, MERCHANT_RISK_WIDTH))


def places(count: int) -> Ints:
    return np.arange(count) % 4


def test_each_label_changes_the_rows_it_names() -> None:
    customers, merchants = rows()
    apply_labels(labels(2), customers, np.array([0, 2]), merchants, np.array([3, 3]))

    assert customers.any(axis=1).tolist() == [True, False, True, False]
    assert merchants.any(axis=1).tolist() == [False, False, False, True]


def test_a_row_of_minus_one_is_passed_over() -> None:
    customers, merchants = rows()
    apply_labels(labels(2), customers, np.array([NO_ROW, 1]), merchants, np.array([2, NO_ROW]))

    assert customers.any(axis=1).tolist() == [False, True, False, False]
    assert merchants.any(axis=1).tolist() == [False, False, True, False]


def test_any_cutting_gives_the_same_rows() -> None:
    customers, merchants = rows()
    apply_labels(labels(40), customers, places(40), merchants, places(40))
    in_parts = rows()
    for part in (slice(0, 7), slice(7, 7), slice(7, 40)):
        every = labels(40)
        some = LabelColumns(*(column[part] for column in vars(every).values()))
        apply_labels(some, in_parts[0], places(40)[part], in_parts[1], places(40)[part])

    assert np.array_equal(in_parts[0], customers)
    assert np.array_equal(in_parts[1], merchants)


def test_no_labels_change_nothing() -> None:
    customers, merchants = rows()
    apply_labels(labels(0), customers, places(0), merchants, places(0))

    assert not customers.any()
    assert not merchants.any()


@pytest.mark.parametrize("row", [-2, 4])
def test_a_row_that_is_not_there_is_refused(row: int) -> None:
    customers, merchants = rows()

    with pytest.raises(ValueError, match="merchant_row runs from"):
        apply_labels(labels(2), customers, places(2), merchants, np.array([0, row]))
    assert not customers.any()


def test_labels_know_their_number() -> None:
    assert len(labels(3)) == 3
