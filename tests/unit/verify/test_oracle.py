"""The oracle finds nothing where nothing is wrong, however the stream came about."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.verify.memory_stack import MemoryStack, a_busy_stack, a_payment

from fraudstream.recorded import risk_replay
from fraudstream.recorded.risk_replay import RiskReplay
from fraudstream.verify.oracle import choose_customers

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(0, 1), st.integers(1, 4)),
        st.tuples(st.just("score"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("label"), st.integers(1, 12), st.integers(0, 1)),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_any_interleaving_of_slices_and_labels_is_recomputed_bit_for_bit(steps: list[tuple[str, int, int]]) -> None:
    """Customers spread over partitions, labels before and after their payments, contradictions, any cut."""
    stack = MemoryStack()
    stack.begin_with(users=[1, 2], merchants=[7])
    sent = 0
    for kind, place, what in steps:
        if kind == "send":
            sent += 1
            stack.send(
                a_payment(sent, user_id=what, amount=5.0 * what + sent, merchant_id=7 + sent % 2), partition=place
            )
        elif kind == "score":
            stack.score(place)
        else:
            stack.label(place, is_fraud=bool(what))
    stack.score(0)
    stack.score(1)

    balance = stack.verify()

    assert (balance.mismatched, balance.mismatch_checked, balance.max_abs_difference) == (0, sent, 0.0)


def test_slices_that_saw_older_labels_under_a_newer_number_are_recomputed() -> None:
    """The number of a slice and its view of the labels are not taken in one instant."""
    stack = MemoryStack()
    stack.send(a_payment(1, user_id=1), partition=0)
    stack.score(0)
    stack.send(a_payment(2, user_id=1), partition=0)
    stack.send(a_payment(3, user_id=2), partition=1)
    stack.score(0)
    stack.label(1, is_fraud=True)
    stack.score(1)
    ledger = stack.ledger()
    numbers = {2: 3, 3: 2}
    for committed in ledger.slice_rows:
        committed.slice_id = numbers.get(committed.slice_id, committed.slice_id)
    for row in ledger.scored:
        row.slice_id = numbers.get(row.slice_id, row.slice_id)

    balance = stack.verify(ledger)

    assert [row.label_seq for row in sorted(ledger.slice_rows, key=lambda row: row.slice_id)] == [0, 1, 0]
    assert balance.problems == ()


@pytest.mark.parametrize("size", [1, 7, 30])
def test_small_windows_and_label_batches_change_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = a_busy_stack()
    stack.send(a_payment(300))
    stack.send(a_payment(301))
    expected = stack.verify()
    monkeypatch.setattr(risk_replay, "LABELS_AT_ONCE", size)

    assert stack.verify(window_records=size) == expected


def test_risk_can_be_replayed_in_any_steps() -> None:
    stack = a_busy_stack()
    ledger = stack.ledger()
    replays = []
    for steps in ([11], [1, 2, 3, 7, 11], list(range(1, 12))):
        _, customers = ledger.initial_customers(1, np.array([1, 2, 3, 4]))
        replay = RiskReplay.at_the_beginning(ledger, 1, 0, customers)
        for step in steps:
            replay.advance(step, horizon=step + 2)
        replays.append((replay.customers.rows.tobytes(), replay.merchants.rows.tobytes()))

    assert stack.labels.facts.label_seq == 11
    assert replays[0] == replays[1] == replays[2]


def test_risk_replayed_to_the_end_is_what_the_applier_stored() -> None:
    stack = a_busy_stack()
    _, customers = stack.ledger().initial_customers(1, np.array([1, 2, 3, 4]))
    replay = RiskReplay.at_the_beginning(stack.ledger(), 1, 0, customers)

    replay.advance(11, horizon=11)

    for row, key in enumerate(replay.merchants.keys.tolist()):
        assert replay.merchants.rows[row].tobytes() == stack.labels.facts.merchant_risk[key].tobytes()
    for row, key in enumerate(customers.keys.tolist()):
        stored = stack.labels.facts.customer_risk.get(key, np.zeros(8))
        assert replay.customers.rows[row].tobytes() == stored.tobytes()


def test_a_tenth_of_many_scores_is_chosen_as_whole_customers() -> None:
    users, counts = np.arange(1_000), np.full(1_000, 30)

    chosen = choose_customers(users, counts, scored=30_000, seed=0)

    assert len(chosen) == 100
    assert (np.diff(chosen) > 0).all()


def test_at_least_a_thousand_scores_are_chosen() -> None:
    assert len(choose_customers(np.arange(500), np.full(500, 10), scored=5_000, seed=0)) == 100


def test_everybody_is_chosen_where_there_are_fewer() -> None:
    assert choose_customers(np.arange(9), np.full(9, 10), scored=90, seed=3).tolist() == list(range(9))


def test_another_seed_chooses_others() -> None:
    users, counts = np.arange(1_000), np.full(1_000, 30)
    first, again, other = (choose_customers(users, counts, scored=30_000, seed=seed) for seed in (1, 1, 2))

    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()
