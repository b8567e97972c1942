import sys

import numpy as np
import pytest
from tests.unit.features.streams import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Memory,
    Paid,
    arrivals,
    columns,
    features,
    last,
    memory,
    stream,
)

from fraudstream.features import kernel
from fraudstream.features.catalogue import FEATURE_COUNT, index_of
from fraudstream.features.compilation import source_digest
from fraudstream.features.events import CATEGORIES, CHANNELS, EventColumns, Floats
from fraudstream.features.kernel import is_online, vectors

USERS, MERCHANTS = 5, 20
ONLINE, CARD_PRESENT, ABSENT = CHANNELS.index("online"), CHANNELS.index("card_present"), -1


def history(count: int) -> EventColumns:
    return stream(count, users=USERS, merchants=MERCHANTS)


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every function of the kernel as it is written, not as it is compiled."""
    modules = [module for name, module in sys.modules.items() if name.startswith("fraudstream.features.")]
    for module in modules:
        for name, value in list(vars(module).items()):
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)


def both_ways(known: Memory) -> Floats:
    events = history(400)
    labels = arrivals(events)
    known.label(events.take(labels.event_row), labels.is_fraud.tolist())
    return known.take(events)


@pytest.fixture(scope="module")
def compiled_result() -> tuple[Memory, Floats]:
    known = memory(USERS, MERCHANTS)
    return known, both_ways(known)


@pytest.mark.usefixtures("uncompiled")
def test_the_written_functions_say_what_the_compiled_ones_say(compiled_result: tuple[Memory, Floats]) -> None:
    compiled, expected = compiled_result
    known = memory(USERS, MERCHANTS)
    result = both_ways(known)

    assert not hasattr(kernel.step, "py_func")
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(known.state, compiled.state, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(known.customer_risk, compiled.customer_risk, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(known.merchant_risk, compiled.merchant_risk, rtol=1e-12, atol=1e-12)


def test_features_are_computed_before_the_payment_enters_the_state() -> None:
    first, second = features([Paid(0, amount=50), Paid(0, amount=50)], "payments_known", "payments_1h", "amount_1h")

    assert first.tolist() == [0, 0, 0]
    assert second.tolist() == [1, 1, 50]


@pytest.mark.parametrize(
    ("channel", "category", "online"),
    [
        (ONLINE, "Groceries", True),
        (CARD_PRESENT, "Online Purchase", False),
        (ABSENT, "Online Purchase", True),
        (ABSENT, "Subscription Service", True),
        (ABSENT, "Travel", False),
    ],
)
def test_the_channel_says_online_or_else_the_category(channel: int, category: str, online: bool) -> None:  # noqa: FBT001 - a column
    assert is_online(channel, CATEGORIES.index(category)) is online


def test_without_channel_and_category_a_payment_is_not_online() -> None:
    assert is_online(ABSENT, ABSENT) is False


def test_a_late_payment_sees_the_state_undecayed() -> None:
    before = [Paid(0), Paid(DAY, amount=30)]
    at_once, late = ([*before, Paid(when)] for when in (DAY, HOUR))

    for name in ("payments_10m", "payments_1d", "amount_1d", "hours_since_last", "amount_ratio"):
        assert last(late, name) == last(at_once, name)


def test_late_payments_leave_the_sums_that_ordered_ones_leave() -> None:
    ordered = [Paid(0, 3), Paid(20 * MINUTE, 50), Paid(HOUR, 90), Paid(2 * HOUR, 7)]
    shuffled = [ordered[index] for index in (0, 2, 3, 1)]
    names = ("payments_10m", "payments_1h", "payments_30d", "amount_1h", "amount_1d", "small_payments_1h")
    after = Paid(3 * HOUR)

    assert features([*shuffled, after], *names)[-1] == pytest.approx(features([*ordered, after], *names)[-1])


def test_a_late_payment_moves_no_time_back() -> None:
    known = memory()
    known.take(columns([Paid(DAY), Paid(0)]))

    assert known.take(columns([Paid(DAY + HOUR)]))[0, index_of("hours_since_last")] == 1


def test_a_payment_long_before_the_first_has_an_age_of_nothing() -> None:
    assert last([Paid(DAY), Paid(-1_000 * DAY)], "age_days") == 0


def test_the_given_rows_are_changed_and_no_others() -> None:
    known = memory(3)
    known.take(columns([Paid(0, user=1, merchant=5)]))

    assert known.state[1, 0] == 1
    assert not known.state[[0, 2]].any()
    assert not known.customer_risk.any()
    assert not known.merchant_risk.any()


def test_no_payments_give_no_vectors() -> None:
    assert memory().take(columns([])).shape == (0, FEATURE_COUNT)


def test_read_only_and_strided_columns_are_taken_as_they_are() -> None:
    events = history(200)
    expected = memory(USERS, MERCHANTS).take(events.take(np.arange(0, 200, 2)))
    view = events.take(slice(0, 200, 2))
    for column in vars(view).values():
        column.flags.writeable = False

    assert np.array_equal(memory(USERS, MERCHANTS).take(view), expected)


def test_state_that_cannot_be_changed_in_place_is_refused() -> None:
    known = memory()
    known.state = np.frombuffer(known.state.tobytes()).reshape(known.state.shape)

    with pytest.raises(ValueError, match=r"customer_state .* cannot be changed in place; pass a writeable"):
        known.take(columns([Paid(0)]))


@pytest.mark.parametrize("row", [-1, 10])
def test_a_row_that_is_not_there_is_refused_and_nothing_changes(row: int) -> None:
    known = memory(10)

    with pytest.raises(ValueError, match="state_row runs from"):
        known.take(columns([Paid(0, user=row)]))
    assert not known.state.any()


def test_rows_for_another_number_of_payments_are_refused() -> None:
    known, events = memory(), columns([Paid(0), Paid(1)])

    with pytest.raises(ValueError, match="merchant_row names 1 rows for 2"):
        vectors(events, known.state, events.user_id, known.customer_risk, known.merchant_risk, np.array([0]))


def test_the_loop_was_compiled_from_the_sources_as_they_are() -> None:
    known, events = memory(), columns([Paid(0)])
    payments = kernel.payments_of(events, events.user_id, np.array([0]))
    labelled = kernel.Labelled(events.event_time, np.empty(1), events.user_id, np.array([-1]))
    rows = kernel.rows_of(known.state, known.customer_risk, known.merchant_risk)

    assert kernel.run(payments, kernel.NO_LABELS, labelled, rows, np.empty((1, FEATURE_COUNT))) == source_digest()


def test_a_payment_is_told_by_its_own_time_alone() -> None:
    assert last([Paid(13.5 * HOUR)], "hour") == 13.5
    assert START % DAY == 0
