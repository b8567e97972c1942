"""With `parity` every customer is recomputed: nothing hides where the sample does not look."""

import numpy as np
import pytest
from tests.unit.verify.memory_stack import MemoryStack, a_payment

from fraudstream.verify.sheet import lines

CUSTOMERS, EACH = 400, 4
SCORED = CUSTOMERS * EACH


@pytest.fixture
def stack() -> MemoryStack:
    """More payments than a sample takes; labels between the slices, some of them contradicted."""
    made = MemoryStack()
    made.begin_with(users=[1, 2, 3], merchants=[7, 8])
    number = 0
    for turn in range(EACH):
        for user in range(1, CUSTOMERS + 1):
            number += 1
            payment = a_payment(number, user_id=user, amount=10.0 + user % 90, merchant_id=7 + user % 5)
            made.send(payment, partition=user % 2)
        made.score(turn % 2)
        made.label(number - 5, is_fraud=turn % 2 == 0)
        made.score(1 - turn % 2)
        made.label(number - 5, is_fraud=turn % 2 == 1)
    return made


def test_a_sample_leaves_some_out_and_parity_none(stack: MemoryStack) -> None:
    sample, everybody = stack.verify(), stack.verify(parity=True)

    assert (sample.scored, everybody.scored) == (SCORED, SCORED)
    assert 1_000 <= sample.mismatch_checked < SCORED
    assert (everybody.mismatch_checked, everybody.mismatched) == (SCORED, 0)
    assert sample.holds
    assert everybody.holds
    assert ("scores, every one" in str(list(lines(everybody))), "every one" in str(list(lines(sample)))) == (
        True,
        False,
    )


def test_what_the_sample_does_not_see_parity_finds(stack: MemoryStack) -> None:
    """One feature of one customer after another, until one is hit that the sample leaves out."""
    ledger = stack.ledger()
    for row in ledger.scored[::EACH]:
        right = float(row.features[0])
        row.features[0] = np.nextafter(right, np.inf)
        if stack.verify(ledger).holds:
            break
        row.features[0] = right

    assert stack.verify(ledger).holds
    assert stack.verify(ledger, parity=True).problems == ("1 mismatched",)


def test_parity_needs_the_whole_past_of_every_customer(stack: MemoryStack) -> None:
    """What the log has forgotten can't be recomputed; a sample passes over it, parity says so."""
    stack.clean(10)

    balance = stack.verify(parity=True)

    assert stack.verify().holds
    assert balance.mismatched == 0
    assert balance.problems == (f"{balance.scored - balance.mismatch_checked} scores were not recomputed",)


def test_it_is_told_how_far_it_has_come(stack: MemoryStack) -> None:
    told: list[tuple[int, int]] = []

    stack.verify(parity=True, window_records=300, report=lambda done, total: told.append((done, total)))

    assert told[-1] == (SCORED, SCORED)
    assert len(told) > 4
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_machines_are_told_that_it_was_asked_for(stack: MemoryStack) -> None:
    assert '"parity":true' in stack.verify(parity=True).to_json()
    assert '"parity":false' in stack.verify().to_json()
