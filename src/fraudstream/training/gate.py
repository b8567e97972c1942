"""The gate: whether a version on trial takes the place of the one at work, and why."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

from fraudstream.decisions.policy import ALERT_BUDGET
from fraudstream.errors import ModelUnavailable
from fraudstream.ports.life_cycle import Action, Candidate, Challenger, Deployments, Figures, Signature
from fraudstream.ports.matured import MaturedScores, Window
from fraudstream.ports.slices import Deployment
from fraudstream.training.admission import Timer, check_artefact, check_latency
from fraudstream.training.compare import Comparison, Tally
from fraudstream.training.dataset import DAY, WEEK


class Outcome(StrEnum):
    """What the gate says of a challenger."""

    PROMOTE = "promote"
    KEEP = "keep"
    REJECT = "reject"
    WAIT = "wait"
    """Too little has matured to say anything; the trial goes on."""


@dataclass(frozen=True)
class GateRules:
    """What a challenger has to prove, and on how much.

    Spans are in seconds of the payments' own time. `margin` is the least gain in average precision; `certainty` by how
    many of its standard errors the gain must lie above 0 (1.28 leaves one chance in ten). Predicted frauds may differ
    from actual ones by the factor `calibration`, or by no more than the champion's do. Alerts may reach the alert
    budget, or `alerts` times the champion's; `recall` is by how much the share of frauds caught may fall.
    """

    maturity: float = WEEK
    window: float = 28 * DAY
    fewest_payments: int = 2_000
    fewest_frauds: int = 50
    margin: float = 0.01
    certainty: float = 1.28
    calibration: float = 2.0
    alerts: float = 1.5
    recall: float = 0.05


@dataclass(frozen=True)
class Verdict:
    """The outcome and its reason, a clause that names the numbers."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class GateReport:
    """Everything the gate looked at; `latency` is the challenger's, in seconds for one payment."""

    champion: Deployment
    challenger: Challenger
    window: Window | None
    comparison: Comparison
    latency: float | None
    verdict: Verdict

    def figures(self) -> Figures:
        """What the record keeps of it."""
        both = self.comparison
        figures: dict[str, float | str | None] = {
            "payments": both.payments,
            "frauds": both.frauds,
            "gain": both.gain,
            "gain_error": both.error,
            "latency_ms": None if self.latency is None else self.latency * 1e3,
        }
        for name, worth in (("champion", both.champion), ("challenger", both.challenger)):
            figures |= {f"{name}_{figure}": value for figure, value in asdict(worth).items()}
        if self.window is not None:
            figures |= {f"window_{edge}": value for edge, value in asdict(self.window).items()}
        return figures


def examine(
    deployments: Deployments,
    scores: MaturedScores,
    rules: GateRules,
    *,
    timer: Timer = time.perf_counter,
    progress: Callable[[int], None] = lambda _: None,
) -> GateReport:
    """Compare the version on trial with the one at work; nothing is changed.

    Args:
        deployments: tells which two these are, and has their artefacts.
        scores: what both said of the same payments.
        rules: what the challenger has to prove.
        timer: measures how long one payment takes.
        progress: told the number of payments compared so far, batch by batch.

    Raises:
        ModelUnavailable: no version is on trial.
        TemporarilyUnavailable: the database did not answer.
    """
    champion, challenger = deployments.active(), deployments.challenger()
    if champion is None or challenger is None:
        raise ModelUnavailable("no version is on trial; `fraudstream shadow --version N` begins one")
    tally = Tally(champion.threshold, challenger.threshold)
    try:
        model = check_artefact(deployments.artefact(challenger.digest), digest=challenger.digest, timer=timer)
        latency = check_latency(model, timer=timer)
    except ModelUnavailable as error:
        refused = Verdict(Outcome.REJECT, str(error))
        return GateReport(champion, challenger, None, tally.result(), None, refused)
    as_of = scores.as_of()
    window = None if as_of is None else Window(as_of - rules.maturity - rules.window, as_of - rules.maturity, as_of)
    if window is not None:
        for pairs in scores.pairs(champion.digest, challenger.digest, window):
            tally.add(pairs)
            progress(tally.payments)
    comparison = tally.result()
    return GateReport(champion, challenger, window, comparison, latency, judge(comparison, rules))


def judge(both: Comparison, rules: GateRules) -> Verdict:
    """What a comparison comes to under these rules."""
    if both.unusable:
        return Verdict(Outcome.REJECT, f"{both.unusable} of its {both.payments} scores are no probabilities")
    if both.payments >= rules.fewest_payments and both.constant:
        return Verdict(Outcome.REJECT, f"it gives all {both.payments} payments the same score")
    if both.payments < rules.fewest_payments or both.frauds < rules.fewest_frauds:
        return Verdict(
            Outcome.WAIT,
            f"{both.payments} payments with {both.frauds} frauds have matured; "
            f"{rules.fewest_payments} with {rules.fewest_frauds} are needed",
        )
    for guard in (_ranking, _calibration, _alerts, _recall):
        objection = guard(both, rules)
        if objection is not None:
            return Verdict(Outcome.KEEP, objection)
    return Verdict(
        Outcome.PROMOTE,
        f"its average precision is {both.gain:.3f} higher (standard error {both.error:.3f}) "
        f"on {both.payments} payments with {both.frauds} frauds",
    )


def carry_out(deployments: Deployments, report: GateReport, author: str, *, reason: str = "gate") -> Deployment | None:
    """Do what the gate said: deploy the challenger, or end its trial; returns what is deployed, if it is new.

    Raises:
        TemporarilyUnavailable: the database did not answer, or somebody else decided meanwhile; nothing has changed.
    """
    tried, verdict = report.challenger, report.verdict
    signature = Signature(author, f"{reason}: {verdict.reason}", report.figures())
    if verdict.outcome == Outcome.PROMOTE:
        terms = (tried.model_name, tried.model_version, tried.digest, tried.catalogue_version, tried.threshold)
        candidate = Candidate(*terms, deployments.artefact(tried.digest))
        return deployments.deploy(candidate, None, signature, instead_of=report.champion)
    if verdict.outcome == Outcome.KEEP:
        deployments.end_trial(tried, Action.KEEP, signature)
    if verdict.outcome == Outcome.REJECT:
        deployments.end_trial(tried, Action.REJECT, signature)
    return None


def _ranking(both: Comparison, rules: GateRules) -> str | None:
    if both.gain < rules.margin:
        return (
            f"its average precision is {both.gain:+.3f} against the champion's, less than the margin {rules.margin:g}"
        )
    if both.gain < rules.certainty * both.error:
        return f"its gain in average precision, {both.gain:.3f}, may be chance: the standard error is {both.error:.3f}"
    return None


def _calibration(both: Comparison, rules: GateRules) -> str | None:
    ratio, other = (worth.predicted_frauds / both.frauds for worth in (both.challenger, both.champion))
    off, champion_off = (max(value, 1 / max(value, 1e-9)) for value in (ratio, other))
    if off > max(rules.calibration, champion_off):
        return f"it predicts {ratio:.2f} times the frauds there were"
    return None


def _alerts(both: Comparison, rules: GateRules) -> str | None:
    most = max(ALERT_BUDGET, rules.alerts * both.champion.alert_rate)
    if both.challenger.alert_rate > most:
        return f"it would alert on {both.challenger.alert_rate:.2%} of payments, more than {most:.2%}"
    return None


def _recall(both: Comparison, rules: GateRules) -> str | None:
    lost = both.champion.recall - both.challenger.recall
    if lost > rules.recall:
        return (
            f"its threshold would catch {both.challenger.recall:.1%} of frauds, "
            f"the champion's {both.champion.recall:.1%}"
        )
    return None
