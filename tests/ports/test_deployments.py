"""One contract for `Deployments`, in memory and on PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.rebuild_store import PostgresRebuildStore
from fraudstream.adapters.memory_deployments import MemoryDeployments
from fraudstream.clock import SystemClock
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.events import ABSENT
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.models.initial_state import InitialState, WaitingPayments
from fraudstream.ports.life_cycle import Action, Candidate, Deployments, Signature
from fraudstream.ports.rebuild import Checkpoint, Stage
from fraudstream.ports.slices import Deployment

pytestmark = pytest.mark.ports

SIGNED = Signature("ana", "tried", {"gain": 0.25, "payments": 3, "odd": float("nan"), "absent": None})


@pytest.fixture(params=["memory", "postgres"])
def deployments(request: pytest.FixtureRequest) -> Deployments:
    if request.param == "memory":
        return MemoryDeployments()
    return PostgresDeployments(request.getfixturevalue("database_url"))


def a_candidate(version: str, *, digest: str = "", catalogue_version: int = 1) -> Candidate:
    return Candidate("m", version, digest or version[0] * 64, catalogue_version, 0.125, f"model {version}".encode())


def a_state() -> InitialState:
    return InitialState(
        user_ids=np.array([7]),
        customer_state=np.ones((1, CUSTOMER_STATE_WIDTH)),
        customer_risk=np.ones((1, CUSTOMER_RISK_WIDTH)),
        merchant_ids=np.array([11]),
        merchant_risk=np.ones((1, MERCHANT_RISK_WIDTH)),
        waiting=WaitingPayments(
            transaction_id=np.zeros((1, 16), np.uint8),
            user_id=np.array([7]),
            merchant_id=np.array([ABSENT]),
            event_time=np.array([1_750_000_000.25]),
            amount=np.array([9.5]),
            amount_ratio=np.array([0.5]),
        ),
    )


def deploy(deployments: Deployments, *versions: str) -> list[Deployment]:
    return [
        deployments.deploy(a_candidate(version), None, Signature("ana", f"{version} is good")) for version in versions
    ]


def complete_state(deployments: Deployments, catalogue_version: int) -> None:
    """What a rebuild that has nothing to replay leaves behind."""
    if isinstance(deployments, MemoryDeployments):
        deployments.rebuilt.add(catalogue_version)
        return
    assert isinstance(deployments, PostgresDeployments)
    with PostgresRebuildStore(deployments._url, SystemClock()).step(catalogue_version) as step:
        step.reach(Checkpoint(catalogue_version, Stage.COMPLETE, 1, 0, 0, 0, 0, 0, 0, {}))


def of_the_second_catalogue(deployments: Deployments) -> Deployment:
    complete_state(deployments, 2)
    return deployments.deploy(a_candidate("3", catalogue_version=2), None, SIGNED)


def actions(deployments: Deployments) -> list[tuple[str, str, str | None]]:
    """The record, oldest first: action, version, and what was at work before."""
    return [(d.action, d.model_version, d.previous_version) for d in reversed(deployments.decisions(100))]


def test_at_first_there_is_nothing(deployments: Deployments) -> None:
    assert deployments.active() is None
    assert deployments.challenger() is None
    assert not deployments.has_state(1)
    assert list(deployments.past(10)) == []
    assert list(deployments.decisions(10)) == []
    with pytest.raises(ModelUnavailable, match="no model artefact"):
        deployments.artefact("f" * 64)


def test_a_deployment_is_active_has_its_artefact_and_is_on_record(deployments: Deployments) -> None:
    deployed = deployments.deploy(a_candidate("1"), a_state(), SIGNED)

    assert deployments.active() == deployed
    assert (deployed.model_version, deployed.digest, deployed.catalogue_version, deployed.threshold) == (
        "1",
        "1" * 64,
        1,
        0.125,
    )
    assert deployments.artefact("1" * 64) == b"model 1"
    assert deployments.has_state(1)
    [past] = deployments.past(10)
    assert (past.deployment, past.model_name, past.reason, past.active, past.restores) == (
        deployed,
        "m",
        "tried",
        True,
        None,
    )
    assert actions(deployments) == [("promote", "1", None)]


def test_a_decision_says_who_when_why_and_on_which_figures(deployments: Deployments) -> None:
    deployments.deploy(a_candidate("1"), None, SIGNED)

    [past], [decision] = deployments.past(1), deployments.decisions(1)
    assert (decision.model_name, decision.signature.author, decision.signature.reason) == ("m", "ana", "tried")
    figures = dict(decision.signature.figures)
    assert str(figures.pop("odd")) == "nan"
    assert figures == {"gain": 0.25, "payments": 3, "absent": None}
    assert decision.role
    assert abs((decision.at - past.activated_at).total_seconds()) < 5


def test_deploying_what_is_active_changes_and_records_nothing(deployments: Deployments) -> None:
    first, again = deploy(deployments, "1", "1")

    assert again == first
    assert len(deployments.past(10)) == len(deployments.decisions(10)) == 1


def test_the_latest_deployment_is_the_active_one(deployments: Deployments) -> None:
    _, second, third = deploy(deployments, "1", "2", "1")

    assert deployments.active() == third
    assert [row.deployment.model_version for row in deployments.past(10)] == ["1", "2", "1"]
    assert [row.active for row in deployments.past(10)] == [True, False, False]
    assert deployments.past(2)[1].deployment == second
    assert actions(deployments) == [("promote", "1", None), ("promote", "2", "1"), ("promote", "1", "2")]


def test_what_was_decided_about_another_deployment_is_not_done(deployments: Deployments) -> None:
    first, _ = deploy(deployments, "1", "2")

    with pytest.raises(TemporarilyUnavailable, match="version 1 is not at work any more"):
        deployments.deploy(a_candidate("3"), None, SIGNED, instead_of=first)
    with pytest.raises(TemporarilyUnavailable, match="version 1 is not at work any more"):
        deployments.restore(deployments.past(2)[1], SIGNED, instead_of=first)
    assert [row.deployment.model_version for row in deployments.past(10)] == ["2", "1"]
    assert len(deployments.decisions(10)) == 2


def test_an_earlier_deployment_comes_back_as_a_new_one(deployments: Deployments) -> None:
    first, second = deploy(deployments, "1", "2")
    restored = deployments.restore(deployments.past(2)[1], SIGNED, instead_of=second)

    assert replace(restored, deployment_id=first.deployment_id) == first
    assert restored.deployment_id > second.deployment_id
    assert deployments.active() == restored
    assert deployments.past(1)[0].restores == first.deployment_id
    assert actions(deployments)[-1] == ("rollback", "1", "2")


def test_what_came_back_twice_names_the_first_of_its_kind(deployments: Deployments) -> None:
    first, second = deploy(deployments, "1", "2")
    deployments.restore(deployments.past(2)[1], SIGNED, instead_of=second)
    (third,) = deploy(deployments, "3")
    deployments.restore(deployments.past(2)[1], SIGNED, instead_of=third)

    assert deployments.past(1)[0].restores == first.deployment_id


def test_a_trial_is_begun_beside_the_active_model(deployments: Deployments) -> None:
    (active,) = deploy(deployments, "1")
    begun = deployments.begin_trial(a_candidate("2"), SIGNED)

    assert deployments.challenger() == begun
    assert deployments.active() == active
    assert (begun.model_name, begun.model_version, begun.digest, begun.threshold, begun.reason) == (
        "m",
        "2",
        "2" * 64,
        0.125,
        "tried",
    )
    assert deployments.artefact("2" * 64) == b"model 2"
    assert actions(deployments)[-1] == ("shadow", "2", "1")


def test_a_trial_that_runs_is_not_begun_again(deployments: Deployments) -> None:
    deploy(deployments, "1")
    begun = deployments.begin_trial(a_candidate("2"), SIGNED)

    assert deployments.begin_trial(a_candidate("2"), SIGNED) == begun
    assert len(deployments.decisions(10)) == 2


@pytest.mark.parametrize(
    ("candidate", "complaint"),
    [
        (a_candidate("1"), "the same artefact as version 1, at work"),
        (a_candidate("4", digest="1" * 64), "the same artefact as version 1, at work"),
        (a_candidate("4", catalogue_version=2), "reads feature catalogue 2, the one at work 1"),
        (a_candidate("3"), "version 2 is on trial since"),
    ],
    ids=["the one at work", "its copy", "of another catalogue", "while another is on trial"],
)
def test_a_trial_that_would_tell_nothing_is_refused(
    deployments: Deployments, candidate: Candidate, complaint: str
) -> None:
    deploy(deployments, "1")
    deployments.begin_trial(a_candidate("2"), SIGNED)

    with pytest.raises(ModelUnavailable, match=complaint):
        deployments.begin_trial(candidate, SIGNED)
    challenger = deployments.challenger()
    assert challenger is not None
    assert challenger.model_version == "2"
    assert len(deployments.decisions(10)) == 2


def test_before_the_first_deployment_there_is_nothing_to_try_beside(deployments: Deployments) -> None:
    with pytest.raises(ModelUnavailable, match="no model is at work"):
        deployments.begin_trial(a_candidate("1"), SIGNED)
    assert list(deployments.decisions(10)) == []


@pytest.mark.parametrize("action", [Action.KEEP, Action.REJECT])
def test_a_trial_ends_once(deployments: Deployments, action: Action) -> None:
    deploy(deployments, "1")
    begun = deployments.begin_trial(a_candidate("2"), SIGNED)
    deployments.end_trial(begun, action, SIGNED)  # type: ignore[arg-type]

    assert deployments.challenger() is None
    assert actions(deployments)[-1] == (action, "2", "1")
    with pytest.raises(TemporarilyUnavailable, match="has ended meanwhile"):
        deployments.end_trial(begun, action, SIGNED)  # type: ignore[arg-type]
    assert len(deployments.decisions(10)) == 3


def test_after_a_trial_there_may_be_another(deployments: Deployments) -> None:
    deploy(deployments, "1")
    first = deployments.begin_trial(a_candidate("2"), SIGNED)
    deployments.end_trial(first, Action.KEEP, SIGNED)
    second = deployments.begin_trial(a_candidate("3"), SIGNED)

    with pytest.raises(TemporarilyUnavailable, match="has ended meanwhile"):
        deployments.end_trial(first, Action.KEEP, SIGNED)
    assert deployments.challenger() == second


def back_to_the_first(deployments: Deployments) -> None:
    active = deployments.active()
    assert active is not None
    deployments.restore(deployments.past(10)[-1], SIGNED, instead_of=active)


@pytest.mark.parametrize(
    ("change", "trial_goes_on"),
    [
        (lambda deployments: deploy(deployments, "2"), False),
        (of_the_second_catalogue, False),
        (lambda deployments: deploy(deployments, "3"), True),
        (back_to_the_first, True),
    ],
    ids=["it is deployed", "another catalogue is", "another model is", "an earlier model is"],
)
def test_a_trial_ends_when_it_has_lost_its_sense(
    deployments: Deployments, change: Callable[[Deployments], object], *, trial_goes_on: bool
) -> None:
    deploy(deployments, "0", "1")
    begun = deployments.begin_trial(a_candidate("2"), SIGNED)
    change(deployments)

    assert deployments.challenger() == (begun if trial_goes_on else None)


def test_going_back_to_the_version_on_trial_ends_its_trial(deployments: Deployments) -> None:
    _, second = deploy(deployments, "1", "2")
    deployments.begin_trial(a_candidate("1"), SIGNED)
    deployments.restore(deployments.past(2)[1], SIGNED, instead_of=second)

    assert deployments.challenger() is None


def test_decisions_that_change_nothing_are_recorded_in_order(deployments: Deployments) -> None:
    deployments.record(Action.TRAIN, "m", "1", SIGNED)
    deploy(deployments, "1")
    deployments.record(Action.REJECT, "m", "2", SIGNED)

    assert actions(deployments) == [("train", "1", None), ("promote", "1", None), ("reject", "2", "1")]
    assert [decision.model_version for decision in deployments.decisions(1)] == ["2"]


def test_another_catalogue_comes_with_the_state_that_was_rebuilt_for_it(deployments: Deployments) -> None:
    deployments.deploy(a_candidate("1"), a_state(), SIGNED)
    deployed = of_the_second_catalogue(deployments)

    assert deployments.active() == deployed
    assert deployments.has_state(2)


def test_another_catalogue_without_its_state_is_refused(deployments: Deployments) -> None:
    first = deployments.deploy(a_candidate("1"), a_state(), SIGNED)

    with pytest.raises(
        ModelUnavailable, match=r"no complete state of catalogue version 2.*`fraudstream rebuild-state`"
    ):
        deployments.deploy(a_candidate("3", catalogue_version=2), a_state(), SIGNED)

    assert deployments.active() == first
    assert not deployments.has_state(2)
    assert len(deployments.decisions(10)) == 1


def test_the_way_back_to_another_catalogue_needs_its_state_again(deployments: Deployments) -> None:
    """Nobody has moved it since."""
    deployments.deploy(a_candidate("1"), a_state(), SIGNED)
    second = of_the_second_catalogue(deployments)
    first = deployments.past(2)[1]

    with pytest.raises(ModelUnavailable, match="no complete state of catalogue version 1"):
        deployments.restore(first, SIGNED, instead_of=second)
    assert deployments.active() == second
    complete_state(deployments, 1)

    assert deployments.restore(first, SIGNED, instead_of=second).catalogue_version == 1


def test_a_state_is_switched_to_once(deployments: Deployments) -> None:
    """It has moved on with what was scored on it."""
    deployments.deploy(a_candidate("1"), a_state(), SIGNED)
    of_the_second_catalogue(deployments)
    complete_state(deployments, 1)
    deployments.deploy(a_candidate("1"), None, SIGNED)

    with pytest.raises(ModelUnavailable, match="no complete state of catalogue version 2"):
        deployments.deploy(a_candidate("4", catalogue_version=2), None, SIGNED)
