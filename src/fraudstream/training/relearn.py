"""A training on what was recorded: the vectors payments were scored by, and the labels that have arrived since."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from fraudstream.decisions.policy import ALERT_BUDGET
from fraudstream.errors import ConfigurationError
from fraudstream.features.events import Floats
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import probabilities, score
from fraudstream.ports.matured import Bools, Window
from fraudstream.ports.training_history import PastPayments, TrainingHistory
from fraudstream.progress import Report, unreported
from fraudstream.training.build import (
    COST_OF_AN_ALERT,
    BuiltModel,
    Fitted,
    calibrated,
    golden_rows,
)
from fraudstream.training.card import RECORDED, Origin, moment_text
from fraudstream.training.dataset import DAY
from fraudstream.training.entry import choice_facts, registry_entry
from fraudstream.training.evaluate import Evaluation, average_precision, evaluate
from fraudstream.training.export import Classifier, check_equal
from fraudstream.training.fit import FEWEST_FRAUDS
from fraudstream.training.recipes import BASELINE, USUAL, Recipe, Trial, choose
from fraudstream.training.train import Progress, Stopwatch, Trained

LONGEST = 90 * DAY
"""Payments older than this before the newest of a training are left out: people change."""
FEWEST_TRAINING_FRAUDS = 100
FEWEST_GENUINE = 500
"""Other payments without which a span is not used."""
MEASURED_ROWS = 1_000_000
"""Payments that calibration and measurement look at, each, at the most; more are thinned evenly."""
GOLDEN_FROM = 20_000
"""Payments the golden set is chosen from."""
GENUINE_ROWS = 60_000
"""Payments of either outcome that are held to train on, at the most; more are thinned evenly."""
SCENARIOS = {1: "labelled fraud"}


@dataclass(frozen=True)
class Source:
    """Where payments were recorded: how it is called, what is recorded of it, and what the card says."""

    name: str
    facts: dict[str, str]
    origin: Origin


LOG = Source("the log", {"world": "log"}, RECORDED)


@dataclass(frozen=True)
class Spans:
    """What serves for what; always in the order of time, and each as long as labels take to mature, but the first."""

    training: Window
    calibration: Window
    evaluation: Window


@dataclass(frozen=True)
class Scores:
    """What a model said of `n` payments before calibration, all (n,)."""

    log_odds: Floats
    amount: Floats
    fraud: Bools


def spans_of(as_of: float, maturity: float) -> Spans:
    """The spans of a training at a moment, both in seconds of the payments' own time.

    Outcomes of `calibration` and `evaluation` are those known now, at least `maturity` after the payment. A label of
    `training` counts only if it had arrived before `evaluation` began.
    """
    evaluation = Window(as_of - 2 * maturity, as_of - maturity, as_of)
    calibration = Window(evaluation.begin - maturity, evaluation.begin, as_of)
    training = Window(calibration.begin - LONGEST, calibration.begin, evaluation.begin)
    return Spans(training, calibration, evaluation)


def too_little(history: TrainingHistory, spans: Spans) -> str | None:
    """Why a history is not enough for a training; nothing if it is.

    Raises:
        TemporarilyUnavailable: the store did not answer.
    """
    for name, window, fewest in (
        ("train on", spans.training, FEWEST_TRAINING_FRAUDS),
        ("calibrate on", spans.calibration, FEWEST_FRAUDS),
        ("measure on", spans.evaluation, FEWEST_FRAUDS),
    ):
        extent = history.extent(window)
        if extent.frauds < fewest or extent.payments - extent.frauds < FEWEST_GENUINE:
            return (
                f"{extent.payments} payments with {extent.frauds} known frauds to {name}, from "
                f"{moment_text(window.begin)} to {moment_text(window.end)}; "
                f"{fewest} frauds and {FEWEST_GENUINE} others are needed"
            )
    return None


def train_on_log(
    history: TrainingHistory,
    spans: Spans,
    *,
    seed: int,
    started_at: float,
    code_version: str,
    progress: Progress,
    report: Report = unreported,
    recipes: Sequence[Recipe] = USUAL,
    source: Source = LOG,
) -> Trained:
    """Read, fit, choose, calibrate, choose the threshold, measure and pack; a bounded number of payments is kept.

    Args:
        history: what was recorded.
        spans: what serves for what.
        seed: of the fit.
        started_at: when this training began, in seconds since 1970 UTC.
        code_version: what is recorded as the code it was trained with.
        progress: told one line after each step.
        report: told how many payments are read.
        recipes: what is tried; the best on `spans.calibration` is taken.
        source: what `history` is.

    Raises:
        ConfigurationError: the history has too little in it.
        ModelUnavailable: the exported arrays give other predictions than scikit-learn.
        TemporarilyUnavailable: the store did not answer.
    """
    _check_enough(history, spans, source)
    watch = Stopwatch(progress)
    with watch.step(f"read {source.name}"):
        rows = _training_rows(history, spans.training, report)
    progress(f"{len(rows):,} payments to train on, {int(rows.fraud.sum()):,} of them fraud")
    with watch.step("fit"):
        fitted = [_fitted(recipe, rows, seed) for recipe in (*recipes, BASELINE)]
    with watch.step("choose and calibrate"):
        found = list(_scores(history, spans.calibration, [one.model for one in fitted], report))
        trials, place = _tried(recipes, found)
        models = [_calibrated(fitted[of].model, found[of], spans.calibration) for of in (place, -1)]
    with watch.step("measure"):
        own, baseline = map(_measured, models, _scores(history, spans.evaluation, models, report))
    with watch.step("pack"):
        facts = {**source.facts, **choice_facts(recipes[place], trials)}
        facts |= _facts(history, spans, rows, models[0], seed, code_version)
        proved, difference = _proved(models[0], fitted[place].estimator, _sample(history, spans.evaluation), facts)
        built = BuiltModel(proved, own, baseline, difference, recipes[place], trials)
        run = registry_entry(built, facts, started_at, {}, origin=source.origin)
    return Trained(proved, own, baseline, run, watch.steps)


def _check_enough(history: TrainingHistory, spans: Spans, source: Source) -> None:
    if lack := too_little(history, spans):
        raise ConfigurationError(f"{source.name} is not enough to train on: {lack}")


def _tried(recipes: Sequence[Recipe], found: Sequence[Scores]) -> tuple[tuple[Trial, ...], int]:
    """What each recipe was worth, and which is taken; the scores of further models behind theirs are left aside."""
    trials = tuple(
        Trial(recipe, (average_precision(scores.log_odds, scores.fraud),))
        for recipe, scores in zip(recipes, found, strict=False)
    )
    return trials, trials.index(choose(trials))


def _calibrated(model: ScoringModel, found: Scores, window: Window) -> ScoringModel:
    days = (window.end - window.begin) / DAY
    return calibrated(model, found.log_odds, found.amount, found.fraud, days=days)


def _proved(
    model: ScoringModel, estimator: Classifier, candidates: Floats, facts: dict[str, str]
) -> tuple[ScoringModel, float]:
    """The model with its golden set and facts, and its largest difference to scikit-learn's own."""
    golden = candidates[golden_rows(score(model, candidates).log_odds)]
    difference = check_equal(model, estimator, golden)
    facts["largest_difference_to_scikit_learn"] = f"{difference:.3g}"
    golden_scores = score(model, golden).probability
    return replace(model, golden_vectors=golden, golden_scores=golden_scores, metadata=facts), difference


def _training_rows(history: TrainingHistory, window: Window, report: Report) -> PastPayments:
    extent = history.extent(window)
    every = -(-(extent.payments - extent.frauds) // GENUINE_ROWS)
    every_fraud = -(-extent.frauds // GENUINE_ROWS)
    kept: list[PastPayments] = []
    expected = extent.frauds // max(every_fraud, 1) + (extent.payments - extent.frauds) // max(every, 1)
    for batch in history.payments(window, every=max(every, 1), every_fraud=max(every_fraud, 1)):
        kept.append(batch)
        report(sum(map(len, kept)), expected)
    return _in_order(kept)


def _in_order(batches: list[PastPayments]) -> PastPayments:
    rows = PastPayments(
        *(np.concatenate([getattr(batch, column.name) for batch in batches]) for column in fields(PastPayments))
    )
    return rows.take(np.lexsort((rows.amount, rows.event_time)))


def _fitted(recipe: Recipe, rows: PastPayments, seed: int) -> Fitted:
    everything = slice(0, len(rows))
    some = rows.take(recipe.rows(rows.fraud, everything))
    estimator = recipe.fit(some.features, some.fraud, seed=seed)
    return Fitted(recipe, estimator, recipe.model(estimator, rows.fraud, everything))


def _scores(history: TrainingHistory, window: Window, models: list[ScoringModel], report: Report) -> Iterator[Scores]:
    """What each model says of a window's payments, from one pass over it."""
    extent = history.extent(window)
    every = max(-(-extent.payments // MEASURED_ROWS), 1)
    log_odds: list[list[Floats]] = [[] for _ in models]
    amount, fraud, done = [np.empty(0)], [np.empty(0, np.bool_)], 0
    for batch in history.payments(window, every=every, every_fraud=every):
        for found, model in zip(log_odds, models, strict=True):
            found.append(score(model, batch.features, top=0).log_odds)
        amount.append(batch.amount)
        fraud.append(batch.fraud)
        done += len(batch)
        report(done, extent.payments // every)
    for found in log_odds:
        yield Scores(np.concatenate([np.empty(0), *found]), np.concatenate(amount), np.concatenate(fraud))


def _measured(model: ScoringModel, found: Scores) -> Evaluation:
    return evaluate(
        probabilities(model.calibration, found.log_odds),
        found.fraud.astype(np.int8),
        found.amount,
        threshold=model.threshold,
        scenario_names=SCENARIOS,
    )


def _sample(history: TrainingHistory, window: Window) -> Floats:
    """Vectors of payments spread over a window, all of its frauds among them if they are few."""
    extent = history.extent(window)
    every = max(-(-extent.payments // GOLDEN_FROM), 1)
    every_fraud = max(-(-extent.frauds // GOLDEN_FROM), 1)
    return _in_order(list(history.payments(window, every=every, every_fraud=every_fraud))).features


def _facts(
    history: TrainingHistory, spans: Spans, rows: PastPayments, model: ScoringModel, seed: int, code_version: str
) -> dict[str, str]:
    digest = hashlib.sha256()
    for column in fields(PastPayments):
        digest.update(np.ascontiguousarray(getattr(rows, column.name)).tobytes())
    return {
        "seed": str(seed),
        "window_start": moment_text(float(rows.event_time[0])),
        "window_end": moment_text(spans.evaluation.end),
        "training_until": moment_text(spans.training.end),
        "labels_until": moment_text(spans.training.as_of),
        "known_on": moment_text(spans.evaluation.as_of),
        "payments": str(history.extent(spans.training).payments),
        "trained_on": str(len(rows)),
        "data_sha256": digest.hexdigest(),
        "code_version": code_version,
        "calibration": f"Platt, slope {model.calibration.slope:.6f}, intercept {model.calibration.intercept:.6f}",
        "cost_of_an_alert": str(COST_OF_AN_ALERT),
        "alert_budget": str(ALERT_BUDGET),
    }
