"""A rehearsal does what a slice does and leaves nothing behind."""

import datetime as dt

import numpy as np
import pytest
from tests.unit.scoring.world import DAY, NOW, PART, ScoredLog, encoded

from fraudstream.contracts.transaction import parse_transaction
from fraudstream.errors import Fenced
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.rehearsal import RehearsalStore, payment_on_trial
from fraudstream.scoring.slice import SliceSummary, score_slice

MOMENT = dt.datetime.fromtimestamp(NOW, dt.UTC)


def rehearse(log: ScoredLog, value: bytes, offset: int = 0) -> SliceSummary:
    records = LogRecords(np.array([offset]), np.array([NOW]), [value])
    return score_slice(
        read_records(records, max_future=DAY), PART, RehearsalStore(log.store), log.models, label_delay=DAY
    )


def test_it_scores_and_commits_nothing() -> None:
    log = ScoredLog()
    summary = rehearse(log, payment_on_trial(MOMENT))

    assert summary == SliceSummary(scored=1)
    assert (log.store.slices, log.store.ids, log.store.states, log.store.positions) == ([], {}, {}, {})


def test_what_was_rehearsed_is_scored_as_new_afterwards() -> None:
    log, undisturbed = ScoredLog(), ScoredLog()
    value = encoded()
    rehearse(log, value)
    log.take(value)
    undisturbed.take(value)

    assert log.fates() == {0: "scored"}
    for name, vector in undisturbed.vectors().items():
        np.testing.assert_array_equal(log.vectors()[name], vector)


def test_a_real_failure_is_not_swallowed() -> None:
    log = ScoredLog()
    log.store.newest_epoch[PART.topic_id] = PART.epoch + 1

    with pytest.raises(Fenced, match="newer run"):
        rehearse(log, payment_on_trial(MOMENT))


def test_the_payment_on_trial_is_a_valid_one_under_an_id_of_its_own() -> None:
    first, second = (parse_transaction(payment_on_trial(MOMENT), latest=NOW) for _ in range(2))

    assert first.event_time == NOW
    assert first.transaction.transaction_id != second.transaction.transaction_id
