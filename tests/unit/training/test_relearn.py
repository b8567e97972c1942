"""A training on the log uses what was known in time, and is packed like any other."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.training.conftest import STARTED_AT, SmallCity
from tests.unit.training.recorded_city import a_deployment, recorded

from fraudstream.adapters.memory_training_history import MemoryTrainingHistory
from fraudstream.errors import ConfigurationError
from fraudstream.models.archive import load_model
from fraudstream.ports.matured import Window
from fraudstream.training import relearn
from fraudstream.training.dataset import DAY
from fraudstream.training.parts import CARD_FILE, DIGEST_TAG, METADATA_FILE, MODEL_FILE, STATE_DIGEST_TAG, STATE_FILE
from fraudstream.training.recipes import BASELINE, USUAL
from fraudstream.training.relearn import Spans, spans_of, too_little, train_on_log
from fraudstream.training.train import Trained

MATURITY = 5 * DAY


@pytest.fixture(scope="module")
def history(city: SmallCity) -> MemoryTrainingHistory:
    store, labels = recorded(city, a_deployment(), np.full(len(city.history.events), 0.01))
    return MemoryTrainingHistory(store, labels)


@pytest.fixture(scope="module")
def spans(city: SmallCity) -> Spans:
    return spans_of(city.history.end, MATURITY)


@pytest.fixture(scope="module")
def relearned(history: MemoryTrainingHistory, spans: Spans) -> Trained:
    return trained_now(history, spans)


def trained_now(history: MemoryTrainingHistory, spans: Spans) -> Trained:
    return train_on_log(
        history, spans, seed=3, started_at=STARTED_AT, code_version="0.1.0+test", progress=lambda _: None
    )


def test_spans_follow_each_other_and_only_the_last_ones_know_what_is_known_now() -> None:
    spans = spans_of(100 * DAY, 7 * DAY)

    assert spans.evaluation == Window(86 * DAY, 93 * DAY, 100 * DAY)
    assert spans.calibration == Window(79 * DAY, 86 * DAY, 100 * DAY)
    assert (spans.training.end, spans.training.as_of) == (79 * DAY, 86 * DAY)


def test_it_learns_what_the_city_does(relearned: Trained) -> None:
    assert relearned.evaluation.auc > 0.9
    assert relearned.evaluation.average_precision > 0.4
    assert 0.4 < relearned.evaluation.predicted_frauds / relearned.evaluation.frauds < 2.5
    assert relearned.evaluation.alert_rate < 0.03


def test_what_is_registered_proves_itself(relearned: Trained) -> None:
    files, tags = relearned.run.artefacts, relearned.run.tags
    model = load_model(files[MODEL_FILE], digest=tags[DIGEST_TAG])
    metadata = json.loads(files[METADATA_FILE])

    assert model.threshold == relearned.model.threshold
    assert len(model.golden_vectors) == 128
    assert (STATE_FILE in files, STATE_DIGEST_TAG in tags) == (False, False)
    assert metadata["facts"]["world"] == "log"
    assert metadata["facts"]["labels_until"] < metadata["facts"]["known_on"]
    card = files[CARD_FILE].decode()
    assert "with the vectors they were scored by" in card
    assert "simulat" not in card


def test_a_training_does_not_see_labels_that_came_later(
    city: SmallCity, history: MemoryTrainingHistory, spans: Spans, relearned: Trained
) -> None:
    """Without the labels that arrived after the cut-off, the trees are the same."""
    cut_off = spans.training.as_of
    kept = {
        place: row
        for place, row in history.labels.labels.items()
        if row.label.arrived_at.timestamp() <= cut_off
        or city.history.events.event_time[city.history.arrivals.event_row[place[2]]] >= spans.calibration.begin
    }
    assert len(kept) < len(history.labels.labels)
    again = trained_now(MemoryTrainingHistory(history.slices, replace(history.labels, labels=kept)), spans)

    np.testing.assert_array_equal(again.model.body.value, relearned.model.body.value)  # type: ignore[union-attr]


def test_only_so_many_payments_are_held(
    history: MemoryTrainingHistory, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relearn, "GENUINE_ROWS", 2_000)
    monkeypatch.setattr(relearn, "MEASURED_ROWS", 6_000)
    seen: list[tuple[int, int]] = []
    trained = train_on_log(
        history,
        spans,
        seed=3,
        started_at=STARTED_AT,
        code_version="0.1.0+test",
        progress=lambda _: None,
        report=lambda done, total: seen.append((done, total)),
    )

    assert int(trained.run.parameters["trained_on"]) < 2_500
    assert 3_000 < trained.evaluation.payments <= 6_000
    assert max(done for done, _ in seen) <= 6_000
    assert trained.evaluation.auc > 0.85


def test_of_several_recipes_the_best_on_the_calibration_span_is_taken(
    history: MemoryTrainingHistory, spans: Spans
) -> None:
    trained = train_on_log(
        history,
        spans,
        seed=3,
        started_at=STARTED_AT,
        code_version="0.1.0+test",
        progress=lambda _: None,
        recipes=(BASELINE, *USUAL),
    )

    metadata = json.loads(trained.run.artefacts[METADATA_FILE])
    worth = {trial["family"]: trial["average_precision"] for trial in metadata["trials"]}
    assert metadata["recipe"]["family"] == max(worth, key=lambda family: worth[family])
    assert trained.run.parameters["model_family"] == metadata["recipe"]["family"]
    assert len(trained.run.parameters["chosen_from"].split("; ")) == len(worth) == 2


def without_frauds(history: MemoryTrainingHistory) -> MemoryTrainingHistory:
    return MemoryTrainingHistory(history.slices, replace(history.labels, labels={}))


def test_of_one_class_nothing_is_learned(history: MemoryTrainingHistory, spans: Spans) -> None:
    with pytest.raises(ConfigurationError, match="with 0 known frauds to train on"):
        trained_now(without_frauds(history), spans)


def test_an_empty_log_is_told(history: MemoryTrainingHistory, spans: Spans) -> None:
    empty = MemoryTrainingHistory(type(history.slices)(), history.labels)

    assert "0 payments with 0 known frauds to train on" in (too_little(empty, spans) or "")
    with pytest.raises(ConfigurationError, match="the log is not enough to train on"):
        trained_now(empty, spans)


@pytest.mark.parametrize(
    ("shift", "purpose"), [(-25.0, "train on"), (8.0, "measure on")], ids=["before it began", "beyond its end"]
)
def test_each_span_must_have_enough(
    city: SmallCity, history: MemoryTrainingHistory, shift: float, purpose: str
) -> None:
    assert purpose in (too_little(history, spans_of(city.history.end + shift * DAY, MATURITY)) or "")
