"""What comes next follows from the record alone."""

import datetime as dt
from dataclasses import replace

import pytest

from fraudstream.ports.life_cycle import Action, Challenger, Decision, Signature
from fraudstream.training.dataset import DAY, WEEK
from fraudstream.training.retrain import (
    AS_OF,
    CAUSE,
    Drift,
    NextStep,
    RetrainRules,
    Situation,
    Step,
    last_known,
    next_step,
)

NOW = 1_764_000_000.0
MOMENT = dt.datetime(2025, 11, 24, tzinfo=dt.UTC)
RULES = RetrainRules()


def decided(action: Action, version: str, **figures: float | str) -> Decision:
    return Decision(MOMENT, action, "m", version, "1", "promoter", Signature("ana", "because", figures))


def trained(version: str, *, days_ago: float, by_itself: bool = True) -> Decision:
    figures: dict[str, float | str] = {AS_OF: NOW - days_ago * DAY}
    return decided(Action.TRAIN, version, **(figures | ({CAUSE: "time"} if by_itself else {})))


def on_trial(version: str) -> Challenger:
    return Challenger(1, "m", version, version * 64, 1, 0.5, "tried", MOMENT)


def situation(*decisions: Decision, frauds: int = 1_000) -> Situation:
    """These decisions, the newest first, and nothing else going on."""
    return Situation(NOW, None, decisions, lambda: frauds, None)


def test_a_version_goes_from_training_over_trial_to_the_gate() -> None:
    made = trained("2", days_ago=0.1)

    assert next_step(situation(made), RULES).step == Step.SHADOW
    begun = replace(situation(decided(Action.SHADOW, "2"), made), challenger=on_trial("2"))
    assert next_step(begun, RULES) == NextStep(Step.GATE, "version 2 is on trial", "2")
    over = situation(decided(Action.KEEP, "2"), decided(Action.SHADOW, "2"), made)
    assert next_step(over, RULES).step == Step.WAIT


@pytest.mark.parametrize("action", [Action.SHADOW, Action.PROMOTE, Action.REJECT, Action.KEEP])
def test_a_version_that_anything_was_decided_about_is_not_tried_again(action: Action) -> None:
    assert next_step(situation(decided(action, "2"), trained("2", days_ago=1)), RULES).step == Step.WAIT


def test_what_was_decided_about_others_does_not_count() -> None:
    made = trained("2", days_ago=1)

    assert next_step(situation(decided(Action.PROMOTE, "3"), made), RULES).step == Step.SHADOW
    assert next_step(situation(made, decided(Action.REJECT, "2")), RULES).step == Step.SHADOW


def test_nobody_elses_trial_or_training_is_touched() -> None:
    theirs = replace(situation(trained("2", days_ago=9)), challenger=on_trial("7"))

    assert next_step(theirs, RULES).step == Step.WAIT
    assert "not one of these" in next_step(theirs, RULES).reason
    assert next_step(situation(trained("2", days_ago=1, by_itself=False)), RULES).step == Step.WAIT


@pytest.mark.parametrize(("days", "step"), [(6.9, Step.WAIT), (7.0, Step.TRAIN), (30.0, Step.TRAIN)])
def test_a_training_is_due_when_the_last_one_is_old(days: float, step: Step) -> None:
    own = situation(decided(Action.KEEP, "2"), trained("2", days_ago=days))
    others = situation(trained("2", days_ago=days, by_itself=False))

    assert next_step(own, RULES).step == next_step(others, RULES).step == step


def test_without_a_training_on_record_one_is_due() -> None:
    assert next_step(situation(), RULES) == NextStep(Step.TRAIN, "no training is on record")
    assert next_step(situation(decided(Action.PROMOTE, "1")), RULES).step == Step.TRAIN


@pytest.mark.parametrize(
    ("psi", "days", "step"),
    [(0.3, 2.0, Step.TRAIN), (0.25, 1.0, Step.TRAIN), (0.24, 2.0, Step.WAIT), (0.9, 0.9, Step.WAIT)],
    ids=["far", "just", "near", "too soon"],
)
def test_drift_makes_a_training_due_after_a_calm(psi: float, days: float, step: Step) -> None:
    drifted = replace(
        situation(decided(Action.KEEP, "2"), trained("2", days_ago=days)), drift=Drift("amount_ratio", psi)
    )

    found = next_step(drifted, RULES)
    assert found.step == step
    assert step == Step.WAIT or found.reason == f"amount_ratio has drifted: PSI {psi:.2f}"
    assert next_step(drifted, replace(RULES, psi=None)).step == Step.WAIT


def test_a_training_waits_for_enough_new_frauds() -> None:
    found = next_step(situation(trained("1", days_ago=30, by_itself=False), frauds=49), RULES)

    assert found.step == Step.WAIT
    assert "30.0 days old, but only 49 frauds have matured since; 50 are needed" in found.reason


def test_frauds_are_counted_only_where_a_training_is_due() -> None:
    def count() -> int:
        pytest.fail("this reads the payments of days")

    young = replace(situation(trained("1", days_ago=1, by_itself=False)), new_frauds=count)
    assert next_step(young, RULES).step == Step.WAIT


def test_before_the_first_payment_there_is_nothing_to_do() -> None:
    assert next_step(replace(situation(), as_of=None), RULES).step == Step.WAIT


def test_the_latest_training_that_says_so_tells_what_was_known() -> None:
    assert last_known([decided(Action.TRAIN, "3"), trained("2", days_ago=1), trained("1", days_ago=2)]) == NOW - DAY
    assert last_known([decided(Action.TRAIN, "3", **{AS_OF: "nan"})]) is None
    assert RULES.every == RULES.maturity == WEEK
