import itertools

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from fraudstream.features.label_history import (
    UNLABELLED,
    Contradictions,
    LabelHistory,
    RiskRows,
    apply_step,
    contradictions,
    customer_rows,
    effective,
    empty_history,
    merchant_rows,
    rows_of,
)

USERS = np.array([3, 5, 8])
MERCHANTS = np.array([20, 21])
PAYMENTS = 6


def history(labels: list[tuple[int, bool]]) -> LabelHistory:
    """Labels of numbered payments, each of which has its own customer, merchant (or none), time and ratio."""
    payment = np.array([number for number, _ in labels], np.int64)
    ids = np.zeros((len(labels), 16), np.uint8)
    ids[:, 3] = payment + 1
    return LabelHistory(
        label_seq=np.arange(1, len(labels) + 1),
        transaction_id=ids,
        user_id=USERS[payment % 3],
        merchant_id=np.where(payment == 0, -1, MERCHANTS[payment % 2]),
        arrived_at=1.7e9 + 1e5 * np.arange(len(labels), dtype=np.float64),
        is_fraud=np.array([fraud for _, fraud in labels], np.bool_),
        event_time=1.69e9 + 3e4 * payment.astype(np.float64),
        amount_ratio=0.5 + payment.astype(np.float64),
    )


def initial() -> tuple[RiskRows, RiskRows]:
    customers, merchants = customer_rows(USERS), merchant_rows(MERCHANTS)
    customers.rows[0, 0] = 2.0
    merchants.rows[1, 0] = 4.0
    return customers, merchants


def folded(labels: LabelHistory) -> tuple[RiskRows, RiskRows]:
    customers, merchants = initial()
    apply_step(labels, np.full(len(labels), UNLABELLED, np.int16), customers, merchants)
    return customers, merchants


def in_steps(labels: LabelHistory, cuts: list[int], *, of_each: bool) -> tuple[RiskRows, RiskRows]:
    customers, merchants = initial()
    bounds = [0, *sorted(cuts), len(labels)]
    for start, stop in itertools.pairwise(bounds):
        step, past = labels.take(slice(start, stop)), labels.take(slice(0, start))
        prior = prior_outcomes(past, step, of_each=of_each)
        again = contradictions(step, prior)
        if again:
            first_customers, first_merchants = initial()
            customers.put(again.users, first_customers.rows[first_customers.row_of(again.users)])
            merchants.put(again.merchants, first_merchants.rows[first_merchants.row_of(again.merchants)])
            past = past.take(np.isin(past.user_id, again.users) | np.isin(past.merchant_id, again.merchants))
        else:
            past = empty_history()
        apply_step(step, prior, customers, merchants, again=again, past=past)
    return customers, merchants


def prior_outcomes(past: LabelHistory, step: LabelHistory, *, of_each: bool) -> npt.NDArray[np.int16]:
    """What each label's payment had come to before the step, or just before the label."""
    newest = {row.tobytes(): int(fraud) for row, fraud in zip(past.transaction_id, past.is_fraud, strict=True)}
    prior = []
    for row, fraud in zip(step.transaction_id, step.is_fraud, strict=True):
        prior.append(newest.get(row.tobytes(), UNLABELLED))
        if of_each:
            newest[row.tobytes()] = int(fraud)
    return np.array(prior, np.int16)


LABELS = st.lists(st.tuples(st.integers(0, PAYMENTS - 1), st.booleans()), max_size=25)


@settings(max_examples=200, deadline=None)
@given(labels=LABELS, cuts=st.lists(st.integers(0, 25), max_size=6), of_each=st.booleans())
def test_risk_rows_do_not_depend_on_how_labels_are_cut_into_steps(
    labels: list[tuple[int, bool]], cuts: list[int], *, of_each: bool
) -> None:
    every = history(labels)

    customers, merchants = in_steps(every, [min(cut, len(every)) for cut in cuts], of_each=of_each)

    expected_customers, expected_merchants = folded(every)
    assert customers.rows.tobytes() == expected_customers.rows.tobytes()
    assert merchants.rows.tobytes() == expected_merchants.rows.tobytes()


def test_a_repeated_outcome_keeps_the_turn_of_the_first() -> None:
    assert effective(history([(1, True), (2, False), (1, True)])).tolist() == [True, True, False]


def test_a_contradiction_counts_at_its_own_turn() -> None:
    assert effective(history([(1, True), (2, False), (1, False)])).tolist() == [False, True, True]


def test_an_outcome_that_comes_back_counts_at_its_latest_turn() -> None:
    assert effective(history([(1, True), (1, False), (1, True), (1, True)])).tolist() == [False, False, True, False]


def test_a_contradicted_payment_leaves_no_trace_of_its_first_outcome() -> None:
    first_then_second = folded(history([(1, True), (2, False), (1, False)]))
    only_second = folded(history([(2, False), (1, False)]))

    assert first_then_second[0].rows.tobytes() == only_second[0].rows.tobytes()
    assert first_then_second[1].rows.tobytes() == only_second[1].rows.tobytes()


def test_labels_of_other_customers_and_merchants_are_passed_over() -> None:
    labels = history([(1, True), (4, True)])
    nobody = customer_rows(np.array([99])), merchant_rows(np.array([98]))

    apply_step(labels, np.full(2, UNLABELLED, np.int16), *nobody)

    assert not nobody[0].rows.any()
    assert not nobody[1].rows.any()


def test_a_label_moves_its_customer_and_its_merchant() -> None:
    customers, merchants = folded(history([(4, True)]))
    before_customers, before_merchants = initial()

    changed = [
        (a != b).any(axis=1)
        for a, b in ((customers.rows, before_customers.rows), (merchants.rows, before_merchants.rows))
    ]

    assert changed[0].tolist() == [False, True, False, False]
    assert changed[1].tolist() == [True, False, False]


def test_a_merchant_less_contradiction_names_the_customer_alone() -> None:
    found = contradictions(history([(0, False)]), np.array([1], np.int16))

    assert (found.users.tolist(), found.merchants.tolist()) == ([3], [])


def test_no_contradiction_is_false() -> None:
    assert not Contradictions()


def test_rows_of_unknown_ids_are_nobodys() -> None:
    assert rows_of(np.array([2, 4]), np.array([4, 3, 9, 2])).tolist() == [1, 2, 2, 0]
    assert rows_of(np.array([], np.int64), np.array([4])).tolist() == [0]
