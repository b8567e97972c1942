"""A challenger scores what the deployed model scores, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.scoring.world import ALERTING_AMOUNT, ScoredLog, a_model, encoded

from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT
from fraudstream.models.arrays import ScoringModel, Trees
from fraudstream.models.walker import score

PAYMENTS = (encoded(), b"bad", encoded(amount=ALERTING_AMOUNT + 1), encoded(amount=3.0))


def a_louder_model(shift: float = 6.0) -> ScoringModel:
    """It alerts on every payment."""
    model = a_model(version="2")
    assert isinstance(model.body, Trees)
    louder = replace(model, body=replace(model.body, value=model.body.value + shift), threshold=0.01)
    return replace(louder, golden_scores=score(louder, louder.golden_vectors).probability)


def test_it_scores_the_vectors_the_deployed_model_scored() -> None:
    log = ScoredLog()
    digest = log.challenge(challenger := a_louder_model())
    log.take(*PAYMENTS)

    result = log.store.slices[0].result
    assert result.shadow is not None
    assert result.shadow.digest == digest
    np.testing.assert_array_equal(result.shadow.score, score(challenger, result.scored.features).probability)


def test_nothing_acts_on_what_it_says() -> None:
    log, alone = ScoredLog(), ScoredLog()
    log.challenge(a_louder_model())

    assert log.take(*PAYMENTS) == alone.take(*PAYMENTS)
    with_it, without = log.store.slices[0].result, alone.store.slices[0].result
    np.testing.assert_array_equal(with_it.scored.score, without.scored.score)
    np.testing.assert_array_equal(with_it.scored.alert, without.scored.alert)
    np.testing.assert_array_equal(with_it.state, without.state)
    assert [raised.offset for raised in with_it.alerts] == [raised.offset for raised in without.alerts] == [2]
    assert len(with_it.outbox) == len(without.outbox)


def test_without_a_challenger_there_is_nothing() -> None:
    log = ScoredLog()
    log.take(encoded())

    assert log.store.slices[0].result.shadow is None


def test_a_slice_without_new_payments_has_no_scores() -> None:
    log = ScoredLog()
    log.challenge(a_louder_model())
    log.take(b"bad")

    result = log.store.slices[0].result
    assert result.shadow is not None
    assert len(result.shadow.score) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"catalogue_version": CATALOGUE_VERSION + 1},
        {"golden_scores": np.zeros(64)},
        {"golden_vectors": np.full((64, FEATURE_COUNT), np.nan)},
        {"threshold": 2.0},
    ],
    ids=str,
)
def test_a_challenger_of_no_use_does_not_stand_in_the_way(changes: dict[str, object]) -> None:
    log = ScoredLog()
    log.challenge(replace(a_louder_model(), **changes))  # type: ignore[arg-type]
    summary = log.take(*PAYMENTS)

    assert (summary.scored, summary.alerts) == (3, 1)
    assert log.store.slices[0].result.shadow is None


def test_a_challenger_that_came_to_work_is_no_challenger_any_more() -> None:
    log = ScoredLog()
    log.challenge(a_louder_model())
    log.deploy(a_louder_model(), version="2")

    assert log.take(*PAYMENTS).alerts == 3
    assert log.store.slices[0].result.shadow is None
