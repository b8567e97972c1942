"""Retraining by itself: what is to be done next follows from the record, so a restart goes on where it was.

One version at a time goes its way: it is trained, tried beside the model at work, and judged by the gate once enough
has matured. Nobody's trial but its own is touched.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fraudstream.ports.life_cycle import Action, Challenger, Decision
from fraudstream.training.dataset import DAY, WEEK

CAUSE = "retrained_because"
AS_OF = "known_on"
"""Figures of a decision `train`: why it was made by itself, and how far its labels reached (the payments' own time)."""
REMEMBERED = 1_000
"""How many decisions are looked at."""


@dataclass(frozen=True)
class RetrainRules:
    """When a training is due; spans are in seconds of the payments' own time.

    A training is due `every` so often, or when a feature or the score has drifted by `psi` (population stability
    index) at least `calm` after the last one; and only if `fewest_new_frauds` frauds have matured since.
    """

    every: float = WEEK
    maturity: float = WEEK
    fewest_new_frauds: int = 50
    psi: float | None = 0.25
    calm: float = DAY


class Step(StrEnum):
    """What is to be done next."""

    TRAIN = "train"
    SHADOW = "shadow"
    GATE = "gate"
    WAIT = "wait"


@dataclass(frozen=True)
class Drift:
    """How far what is scored has moved, at its worst."""

    feature: str
    psi: float


@dataclass(frozen=True)
class Situation:
    """What the next step depends on.

    `as_of` is how far the payments' own time has come; `new_frauds` counts, if asked, the frauds that have matured and
    that the last training could not know.
    """

    as_of: float | None
    challenger: Challenger | None
    decisions: Sequence[Decision]
    new_frauds: Callable[[], int]
    drift: Drift | None


@dataclass(frozen=True)
class NextStep:
    """A step, why, and the version it is about where it is one that exists."""

    step: Step
    reason: str
    version: str | None = None


def next_step(now: Situation, rules: RetrainRules) -> NextStep:
    """What is to be done; never more than one thing."""
    own = _latest_own(now.decisions)
    if now.challenger is not None:
        tried = now.challenger.model_version
        if own is None or own.model_version != tried:
            return NextStep(Step.WAIT, f"version {tried} is on trial, and that trial is not one of these", tried)
        return NextStep(Step.GATE, f"version {tried} is on trial", tried)
    if own is not None and not _settled(own, now.decisions):
        return NextStep(Step.SHADOW, f"version {own.model_version} is trained and was not tried", own.model_version)
    return _due(now, rules)


def last_known(decisions: Sequence[Decision]) -> float | None:
    """How far the labels of the latest training reached, in seconds of the payments' own time."""
    for decision in decisions:
        reached = decision.signature.figures.get(AS_OF)
        if decision.action == Action.TRAIN and isinstance(reached, int | float):
            return float(reached)
    return None


def _due(now: Situation, rules: RetrainRules) -> NextStep:
    if now.as_of is None:
        return NextStep(Step.WAIT, "nothing has been scored yet")
    last = last_known(now.decisions)
    since = float("inf") if last is None else now.as_of - last
    cause = None
    if since >= rules.every:
        cause = "no training is on record" if last is None else f"the last training is {since / DAY:.1f} days old"
    elif now.drift is not None and rules.psi is not None and now.drift.psi >= rules.psi and since >= rules.calm:
        cause = f"{now.drift.feature} has drifted: PSI {now.drift.psi:.2f}"
    if cause is None:
        return NextStep(Step.WAIT, f"the last training is {since / DAY:.1f} days old")
    frauds = now.new_frauds()
    if frauds < rules.fewest_new_frauds:
        return NextStep(
            Step.WAIT,
            f"{cause}, but only {frauds} frauds have matured since; {rules.fewest_new_frauds} are needed",
        )
    return NextStep(Step.TRAIN, cause)


def _latest_own(decisions: Sequence[Decision]) -> Decision | None:
    """The latest training that was made by itself."""
    for decision in decisions:
        if decision.action == Action.TRAIN and CAUSE in decision.signature.figures:
            return decision
    return None


def _settled(own: Decision, decisions: Sequence[Decision]) -> bool:
    """Whether anything was decided about a version since it was trained."""
    later = decisions[: list(decisions).index(own)]
    return any((row.model_name, row.model_version) == (own.model_name, own.model_version) for row in later)
