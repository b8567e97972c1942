"""A challenger passes only if it is better beyond chance, and harmless; whatever it is, the last good model serves."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np
import pytest
from tests.unit.scoring.world import a_model
from tests.unit.training.models import a_constant_model

from fraudstream.adapters.memory_deployments import MemoryDeployments
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.arrays import ScoringModel
from fraudstream.ports.life_cycle import Action, Candidate, Challenger, Signature
from fraudstream.ports.matured import ScoredPairs, Window
from fraudstream.training.compare import Comparison, Worth
from fraudstream.training.gate import GateReport, GateRules, Outcome, carry_out, examine, judge
from fraudstream.training.gate_report import gate_json, gate_lines

DAY = 86_400.0
NOW = 1_764_000_000.0
RULES = GateRules()
A_WORTH = Worth(
    average_precision=0.7, predicted_frauds=100.0, alert_rate=0.006, precision=0.8, recall=0.6, value_recall=0.7
)
BETTER = Comparison(
    payments=20_000,
    frauds=110,
    champion=A_WORTH,
    challenger=replace(A_WORTH, average_precision=0.75),
    gain=0.05,
    error=0.02,
    unusable=0,
    constant=False,
)


def with_challenger(**changes: float) -> Comparison:
    return replace(BETTER, challenger=replace(BETTER.challenger, **changes))


def test_a_challenger_that_is_better_and_harmless_passes() -> None:
    verdict = judge(BETTER, RULES)

    assert verdict.outcome == Outcome.PROMOTE
    assert "0.050 higher (standard error 0.020) on 20000 payments with 110 frauds" in verdict.reason


@pytest.mark.parametrize(
    ("both", "reason"),
    [
        (replace(BETTER, gain=0.009), "less than the margin 0.01"),
        (replace(BETTER, gain=-0.2), "-0.200 against the champion's"),
        (replace(BETTER, error=0.04), "may be chance: the standard error is 0.040"),
        (replace(BETTER, error=float("inf")), "may be chance"),
        (with_challenger(predicted_frauds=250.0), "predicts 2.27 times the frauds"),
        (with_challenger(predicted_frauds=50.0), "predicts 0.45 times the frauds"),
        (with_challenger(predicted_frauds=0.0), "predicts 0.00 times the frauds"),
        (with_challenger(alert_rate=0.011), "alert on 1.10% of payments, more than 1.00%"),
        (with_challenger(recall=0.5), r"catch 50.0% of frauds, the champion's 60.0%"),
    ],
)
def test_what_it_fails_by_is_said(both: Comparison, reason: str) -> None:
    verdict = judge(both, RULES)

    assert verdict.outcome == Outcome.KEEP
    assert reason in verdict.reason


@pytest.mark.parametrize(
    "both",
    [
        replace(with_challenger(predicted_frauds=250.0), champion=replace(BETTER.champion, predicted_frauds=260.0)),
        replace(with_challenger(alert_rate=0.02), champion=replace(BETTER.champion, alert_rate=0.014)),
        with_challenger(alert_rate=0.0095),
        with_challenger(recall=0.56),
    ],
    ids=["calibrated no worse", "alerts as the champion does", "alerts within the budget", "catches nearly as many"],
)
def test_it_need_not_be_better_in_everything(both: Comparison) -> None:
    assert judge(both, RULES).outcome == Outcome.PROMOTE


@pytest.mark.parametrize(
    "both",
    [replace(BETTER, payments=1_999), replace(BETTER, frauds=49), replace(BETTER, payments=0, frauds=0, gain=0.0)],
)
def test_on_too_little_nothing_is_said(both: Comparison) -> None:
    verdict = judge(both, RULES)

    assert verdict.outcome == Outcome.WAIT
    assert "2000 with 50 are needed" in verdict.reason


def test_numbers_that_are_none_and_constants_are_rejected_before_anything_is_counted() -> None:
    assert judge(replace(BETTER, unusable=1, payments=10), RULES).outcome == Outcome.REJECT
    assert judge(replace(BETTER, constant=True), RULES).outcome == Outcome.REJECT
    assert judge(replace(BETTER, constant=True, payments=3, frauds=0), RULES).outcome == Outcome.WAIT


@dataclass
class SomeScores:
    """`MaturedScores` of one batch."""

    batch: ScoredPairs
    now: float | None = NOW
    asked: list[tuple[str, str, Window]] = field(default_factory=list)

    def as_of(self) -> float | None:
        return self.now

    def pairs(self, champion: str, challenger: str, window: Window) -> Iterator[ScoredPairs]:
        self.asked.append((champion, challenger, window))
        yield self.batch


def some_scores(*, payments: int = 20_000, better: bool = True) -> SomeScores:
    random = np.random.default_rng(4)
    fraud = np.arange(payments) % 100 == 0
    noisy, clear = (
        np.where(fraud, 0.6, 0.006) * np.exp(noise * random.standard_normal(payments)) for noise in (2.5, 0.3)
    )
    champion, challenger = (noisy, clear) if better else (clear, noisy)
    return SomeScores(
        ScoredPairs(champion.clip(0, 1), challenger.clip(0, 1), fraud, np.arange(payments), np.ones(payments))
    )


def a_candidate(model: ScoringModel, version: str, *, threshold: float = 0.3) -> Candidate:
    content = to_bytes(model)
    return Candidate("m", version, digest_of(content), model.catalogue_version, threshold, content)


def on_trial(challenger: ScoringModel | None = None) -> MemoryDeployments:
    """Version 1 is at work, version 2 is on trial."""
    deployments = MemoryDeployments()
    deployments.deploy(a_candidate(a_model(version="1"), "1"), None, Signature("ana", "first"))
    deployments.begin_trial(a_candidate(challenger or a_model(version="2"), "2"), Signature("ana", "trial"))
    return deployments


def test_the_window_has_matured_and_is_of_the_two_models() -> None:
    deployments, scores = on_trial(), some_scores()
    report = examine(deployments, scores, GateRules(maturity=3 * DAY, window=10 * DAY))

    [(champion, challenger, window)] = scores.asked
    assert (champion, challenger) == (report.champion.digest, report.challenger.digest)
    assert window == report.window == Window(NOW - 13 * DAY, NOW - 3 * DAY, NOW)
    assert report.verdict.outcome == Outcome.PROMOTE
    assert report.latency is not None


def test_before_the_first_payment_it_waits() -> None:
    deployments, scores = on_trial(), replace(some_scores(), now=None)
    report = examine(deployments, scores, RULES)

    assert report.verdict.outcome == Outcome.WAIT
    assert carry_out(deployments, report, "ana") is None
    assert deployments.challenger() is not None
    assert [decision.action for decision in deployments.decisions(9)] == [Action.SHADOW, Action.PROMOTE]


def test_without_a_trial_there_is_nothing_to_examine() -> None:
    deployments = on_trial()
    challenger = deployments.challenger()
    assert challenger is not None
    deployments.end_trial(challenger, Action.KEEP, Signature("ana", "stop"))

    with pytest.raises(ModelUnavailable, match="no version is on trial"):
        examine(deployments, some_scores(), RULES)


def test_one_that_passes_is_deployed_and_its_trial_is_over() -> None:
    deployments = on_trial()
    report = examine(deployments, some_scores(), RULES)
    deployed = carry_out(deployments, report, "bo")

    assert deployed == deployments.active()
    assert deployed is not None
    assert (deployed.model_version, deployed.threshold) == ("2", 0.3)
    assert deployments.challenger() is None
    decision = deployments.decisions(1)[0]
    assert (decision.action, decision.previous_version, decision.signature.author) == (Action.PROMOTE, "1", "bo")
    assert decision.signature.reason == f"gate: {report.verdict.reason}"
    assert decision.signature.figures["gain"] == report.comparison.gain
    assert decision.signature.figures["challenger_recall"] == report.comparison.challenger.recall
    assert decision.signature.figures["window_end"] == NOW - RULES.maturity


def spoilt(scores: SomeScores, value: float) -> SomeScores:
    challenger = scores.batch.challenger.copy()
    challenger[-1:] = value
    return replace(scores, batch=replace(scores.batch, challenger=challenger))


def constant(scores: SomeScores) -> SomeScores:
    return replace(scores, batch=replace(scores.batch, challenger=np.full(len(scores.batch), 0.01)))


@pytest.mark.parametrize(
    ("scores", "action", "reason"),
    [
        (some_scores(better=False), Action.KEEP, "less than the margin"),
        (spoilt(some_scores(), float("nan")), Action.REJECT, "1 of its 20000 scores are no probabilities"),
        (constant(some_scores()), Action.REJECT, "all 20000 payments the same score"),
    ],
    ids=["no better", "no number", "a constant"],
)
def test_one_that_does_not_pass_ends_its_trial_and_the_champion_stays(
    scores: SomeScores, action: Action, reason: str
) -> None:
    deployments = on_trial()
    before = deployments.active()
    report = examine(deployments, scores, RULES)

    assert carry_out(deployments, report, "bo") is None
    assert deployments.active() == before
    assert deployments.challenger() is None
    decision = deployments.decisions(1)[0]
    assert (decision.action, decision.model_version) == (action, "2")
    assert reason in decision.signature.reason


def lost(deployments: MemoryDeployments) -> None:
    deployments.artefacts[on_trial_now(deployments).digest] = b"damaged"


def of_another_catalogue(deployments: MemoryDeployments) -> None:
    _replace_artefact(deployments, replace(a_model(), catalogue_version=99))


def with_other_golden_scores(deployments: MemoryDeployments) -> None:
    model = a_model()
    _replace_artefact(deployments, replace(model, golden_scores=model.golden_scores * 0.9))


def a_constant(deployments: MemoryDeployments) -> None:
    _replace_artefact(deployments, a_constant_model(a_model()))


def on_trial_now(deployments: MemoryDeployments) -> Challenger:
    challenger = deployments.challenger()
    assert challenger is not None
    return challenger


def _replace_artefact(deployments: MemoryDeployments, model: ScoringModel) -> None:
    content = to_bytes(model)
    deployments.artefacts[digest_of(content)] = content
    deployments._on_trial = replace(on_trial_now(deployments), digest=digest_of(content))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lost, "has SHA-256"),
        (of_another_catalogue, "feature catalogue 99"),
        (with_other_golden_scores, "golden vector"),
        (a_constant, "same score"),
    ],
)
def test_an_artefact_of_no_use_is_rejected_whatever_its_scores_were(
    spoil: Callable[[MemoryDeployments], None], reason: str
) -> None:
    deployments = on_trial()
    before = deployments.active()
    spoil(deployments)
    report = examine(deployments, some_scores(), RULES)
    carry_out(deployments, report, "bo")

    assert (report.verdict.outcome, report.latency, report.window) == (Outcome.REJECT, None, None)
    assert reason in deployments.decisions(1)[0].signature.reason
    assert (deployments.active(), deployments.challenger()) == (before, None)


def test_one_that_is_too_slow_is_rejected() -> None:
    ticks = count()
    report = examine(on_trial(), some_scores(), RULES, timer=lambda: float(next(ticks)))

    assert report.verdict.outcome == Outcome.REJECT
    assert "for one payment" in report.verdict.reason


def test_a_verdict_on_what_has_changed_meanwhile_is_not_carried_out() -> None:
    deployments = on_trial()
    passed = examine(deployments, some_scores(), RULES)
    failed = examine(deployments, some_scores(better=False), RULES)
    deployments.deploy(a_candidate(a_model(version="3"), "3"), None, Signature("bo", "urgent"))
    deployments.end_trial(passed.challenger, Action.KEEP, Signature("bo", "stop"))

    for report in (passed, failed):
        with pytest.raises(TemporarilyUnavailable, match=r"not at work any more|has ended meanwhile"):
            carry_out(deployments, report, "ana")
    active = deployments.active()
    assert active is not None
    assert active.model_version == "3"


def report_of(scores: SomeScores) -> GateReport:
    return examine(on_trial(), scores, RULES)


def test_the_table_shows_both_and_ends_with_the_verdict() -> None:
    lines = gate_lines(report_of(some_scores()))

    text = "\n".join(lines)
    assert "challenger: version 2, on trial since" in text
    assert "compared on 20,000 payments" in text
    assert "200 of them fraud as known 7 days later" in text
    for figure in ("average precision", "predicted / actual frauds", "alert rate", "microseconds for one payment"):
        assert figure in text
    assert lines[-1].startswith("promote: its average precision is")


@pytest.mark.parametrize("scores", [some_scores(), some_scores(payments=10), spoilt(some_scores(), float("nan"))])
def test_programs_get_the_same_in_one_line(scores: SomeScores) -> None:
    report = report_of(scores)
    line = gate_json(report, carried_out=False)

    told = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert "\n" not in line
    assert (told["outcome"], told["champion"], told["challenger"]) == (report.verdict.outcome, "1", "2")
    assert told["figures"]["payments"] == report.comparison.payments
