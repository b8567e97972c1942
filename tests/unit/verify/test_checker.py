"""Every kind of error, planted and named."""

import uuid
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.verify.memory_stack import MemoryStack, a_busy_stack


@pytest.fixture
def stack() -> MemoryStack:
    return a_busy_stack()


def test_a_score_that_vanished_is_lost(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    gone = next(row for row in ledger.scored if not row.alert)
    ledger.scored.remove(gone)

    balance = stack.verify(ledger)

    assert (balance.lost, balance.mismatched, balance.wrong_slices) == (1, 0, 1)
    assert not balance.conserved
    assert balance.examples["lost"] == (f"partition {gone.partition} offset {gone.offset}",)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_quarantined_record_that_vanished_is_lost(stack: MemoryStack, which: int) -> None:
    ledger = stack.ledger()
    ledger.quarantine.pop(which)

    assert stack.verify(ledger).lost == 1


def test_a_repeat_whose_payment_vanished_is_lost_too(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.scored = [row for row in ledger.scored if row.transaction_id != uuid.UUID(int=2)]

    balance = stack.verify(ledger)

    assert (balance.lost, balance.repeats_dropped) == (2, 0)


def test_a_payment_stored_at_two_places_is_duplicated(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    row = next(row for row in ledger.scored if row.transaction_id == uuid.UUID(int=2))
    ledger.scored.append(replace(row, offset=26))

    balance = stack.verify(ledger)

    assert balance.duplicated == 1
    assert balance.phantom == 0


def test_a_record_both_scored_and_quarantined_is_duplicated(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    row = ledger.scored[3]
    ledger.quarantine.append(replace(ledger.quarantine[0], partition=row.partition, offset=row.offset))

    assert stack.verify(ledger).duplicated == 1


@pytest.mark.parametrize("offset", [3, 1_000])
def test_a_row_whose_body_is_not_in_the_log_is_a_phantom(stack: MemoryStack, offset: int) -> None:
    ledger = stack.ledger()
    invented = replace(ledger.scored[0], transaction_id=uuid.UUID(int=4_711), body_hash=99, offset=offset, user_id=77)
    ledger.scored.append(invented)

    balance = stack.verify(ledger)

    assert balance.phantom == 1
    assert balance.examples["phantom"] == (f"partition {invented.partition} offset {offset}",)


def test_rows_of_a_partition_that_the_log_does_not_have_are_phantoms(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.scored.append(replace(ledger.scored[0], transaction_id=uuid.UUID(int=4_711), partition=9, user_id=77))
    ledger.quarantine.append(replace(ledger.quarantine[0], partition=8))

    assert stack.verify(ledger).phantom == 2


def test_a_quarantine_row_without_a_record_is_a_phantom(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.quarantine.append(replace(ledger.quarantine[0], offset=500))

    assert stack.verify(ledger).phantom == 1


def test_another_score_is_a_mismatch(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.scored[5].score = float(np.nextafter(ledger.scored[5].score, 1.0))

    balance = stack.verify(ledger)

    assert balance.mismatched == 1
    assert balance.max_abs_difference == 0.0


def test_another_vector_is_a_mismatch_with_its_difference(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.scored[5].features[2] += 0.5

    balance = stack.verify(ledger)

    assert balance.mismatched == 1
    assert balance.max_abs_difference == pytest.approx(0.5)


def test_another_verdict_is_a_mismatch(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    row = next(row for row in ledger.scored if not row.alert)
    row.alert = True

    balance = stack.verify(ledger)

    assert (balance.mismatched, balance.alerts_missing) == (1, 1)


@pytest.mark.parametrize("change", [{"user_id": 3}, {"amount": 1.5}, {"event_time": 0.0}, {"log_time": 0.0}])
def test_a_row_that_says_otherwise_than_its_record_is_a_mismatch(stack: MemoryStack, change: dict[str, float]) -> None:
    ledger = stack.ledger()
    ledger.scored[0] = replace(ledger.scored[0], **change)  # type: ignore[arg-type]

    assert stack.verify(ledger).mismatched >= 1


def test_a_row_that_names_another_slice_is_a_mismatch(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.scored[0].slice_id += 1

    assert stack.verify(ledger).mismatched == 1


@pytest.mark.parametrize("which", [-2, -3])
def test_scores_that_no_slice_stands_for_are_mismatches(stack: MemoryStack, which: int) -> None:
    """The first is followed by another slice of its partition, the second is its partition's last."""
    ledger = stack.ledger()
    forgotten = ledger.slice_rows.pop(which)

    balance = stack.verify(ledger)

    assert balance.mismatched >= forgotten.rows
    place = f"partition {forgotten.partition} offset {forgotten.first_offset}"
    assert place in balance.examples["mismatched"]


def test_a_good_payment_in_quarantine_is_a_mismatch(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    row = ledger.scored.pop(0)
    ledger.quarantine.append(replace(ledger.quarantine[0], partition=row.partition, offset=row.offset, reason="empty"))

    assert stack.verify(ledger).mismatched >= 1


def test_a_conflict_without_an_earlier_payment_is_a_mismatch(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    row = ledger.scored.pop(0)
    claimed = replace(ledger.quarantine[0], partition=row.partition, offset=row.offset, reason="conflicting_id")
    ledger.quarantine.append(claimed)

    assert stack.verify(ledger).mismatched >= 1


def test_a_forgotten_label_is_a_mismatch(stack: MemoryStack) -> None:
    """Scores that had not seen a label which the ledger says they had."""
    ledger = stack.ledger()
    ledger.slice_rows[3].label_seq += 1

    assert stack.verify(ledger).mismatched > 0


def test_another_deployment_is_a_mismatch(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.slice_rows[-1].deployment_id = 1
    ledger.slice_rows[-2].deployment_id = 1

    assert stack.verify(ledger).mismatched > 0


@pytest.mark.parametrize("window_records", [1, 20_000])
def test_slices_in_another_order_are_a_mismatch(stack: MemoryStack, window_records: int) -> None:
    """Labels that fall back while the numbers go on, in one window or over several."""
    ledger = stack.ledger()
    first, last = ledger.slice_rows[0], ledger.slice_rows[-1]
    first.slice_id, last.slice_id = last.slice_id, first.slice_id

    balance = stack.verify(ledger, window_records=window_records)

    assert any("out of order" in case for case in balance.examples["mismatched"])


@pytest.mark.parametrize("column", ["rows", "quarantined", "repeats"])
def test_a_slice_that_counts_otherwise_is_named(stack: MemoryStack, column: str) -> None:
    ledger = stack.ledger()
    setattr(ledger.slice_rows[2], column, getattr(ledger.slice_rows[2], column) + 1)

    balance = stack.verify(ledger)

    assert balance.wrong_slices == 1
    assert balance.examples["wrong slices"] == (f"slice {ledger.slice_rows[2].slice_id} counts otherwise",)


def test_overlapping_slices_are_named(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    again = next(row for row in ledger.slice_rows if row.first_offset > 0)
    again.first_offset -= 1

    assert stack.verify(ledger).wrong_slices >= 1
