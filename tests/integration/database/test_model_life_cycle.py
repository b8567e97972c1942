"""From trial to gate to way back on PostgreSQL, each step with the rights of its own role."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill
from tests.unit.scoring.world import a_model as a_tree
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.matured_scores import PostgresMaturedScores
from fraudstream.adapters.database.quality_store import PostgresQuality
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.training_history import PostgresTrainingHistory
from fraudstream.contracts.label import Label, encode_label
from fraudstream.contracts.topics import LABELS
from fraudstream.errors import ConfigurationError, ModelUnavailable
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.life_cycle import Action, Candidate, Signature
from fraudstream.ports.matured import Window
from fraudstream.ports.training_history import Extent
from fraudstream.training.drift import worst_drift
from fraudstream.training.gate import GateReport, GateRules, Outcome, carry_out, examine
from fraudstream.training.overview import overview_lines
from fraudstream.training.retrain import Drift
from fraudstream.training.rollback import roll_back

pytestmark = pytest.mark.integration

SIGNED = Signature("ana", "tried")
RULES = GateRules(maturity=3_600.0, fewest_payments=500, fewest_frauds=20)
SHADOWED = """
SELECT count(*), count(*) FILTER (WHERE shadow.digest = %s) FROM scored_transactions
JOIN shadow_scores AS shadow USING (topic_id, partition, "offset")
"""


@pytest.fixture
def stack(world: RoleWorld) -> Iterator[PostgresStack]:
    with contextlib.ExitStack() as resources:
        yield PostgresStack(world.url(Role.MIGRATE), resources, world.urls())


def deployments_of(stack: PostgresStack, role: Role = Role.PROMOTER) -> PostgresDeployments:
    return PostgresDeployments(stack.url_of(role))


def try_tree(stack: PostgresStack, version: str = "2") -> str:
    """Try a model that alerts above 500; returns its digest."""
    model = a_tree(version=version)
    content = to_bytes(model)
    candidate = Candidate("m", version, digest_of(content), model.catalogue_version, model.threshold, content)
    deployments_of(stack).begin_trial(candidate, SIGNED)
    return candidate.digest


def scored_payments(stack: PostgresStack, count: int, *, first: int = 1) -> None:
    """Score payments a minute apart, of which each twentieth is large."""
    for number in range(first, first + count):
        amount = 900.0 if number % 20 == 0 else 10.0 + number % 7
        stack.send(a_payment(number, user_id=number % 97, amount=amount, merchant_id=None))
    stack.score()


def frauds_told(stack: PostgresStack, count: int, *, first: int = 1) -> None:
    """Label the large payments as fraud, and let the labels take their turns."""
    arrived = dt.datetime(2025, 6, 15, 10, tzinfo=dt.UTC)
    for number in range(first, first + count):
        if number % 20 == 0:
            label = Label(transaction_id=uuid.UUID(int=number), user_id=1, is_fraud=True, arrived_at=arrived)
            stack.broker.append(LABELS, b"1", encode_label(label))
    stack.applier().apply(stack.broker.logs[LABELS, 0])


def examined(stack: PostgresStack, rules: GateRules = RULES) -> GateReport:
    url = stack.url_of(Role.PROMOTER)
    return examine(PostgresDeployments(url), PostgresMaturedScores(url), rules)


def test_a_stream_with_a_trial_balances_as_one_without(stack: PostgresStack) -> None:
    stack.challenge("9", weight=0.2, threshold=0.9)
    fill(stack)
    balance = stack.verify()

    assert balance.problems == ()
    assert (balance.log_records, balance.scored, balance.quarantined, balance.repeats_dropped) == (52, 48, 3, 1)
    assert stack.run("SELECT count(*) FROM shadow_scores") == [(48,)]
    stack.run("UPDATE shadow_scores SET score = 2; DELETE FROM shadow_scores WHERE partition = 0")
    assert stack.verify().problems == ()


def test_a_trial_scores_from_the_next_slice_until_it_is_ended(stack: PostgresStack) -> None:
    scored_payments(stack, 20)
    digest = try_tree(stack)
    scored_payments(stack, 30, first=21)
    challenger = deployments_of(stack).challenger()
    assert challenger is not None
    deployments_of(stack).end_trial(challenger, Action.KEEP, SIGNED)
    scored_payments(stack, 20, first=51)

    assert stack.run(SHADOWED, digest) == [(30, 30)]
    assert stack.run('SELECT min("offset"), max("offset"), max(score) FROM shadow_scores') == [
        (20, 49, pytest.approx(0.982, abs=1e-3))
    ]
    assert stack.run("SELECT count(*) FROM alerts WHERE model_version <> '1'") == [(0,)]


def test_a_better_model_passes_and_scores_from_the_next_slice_on(stack: PostgresStack) -> None:
    digest = try_tree(stack)
    scored_payments(stack, 1_200)
    frauds_told(stack, 1_100)
    report = examined(stack)
    deployed = carry_out(deployments_of(stack), report, "bo")
    scored_payments(stack, 20, first=1_201)

    assert report.verdict.outcome == Outcome.PROMOTE, report.verdict.reason
    assert (report.comparison.payments, report.comparison.frauds) == (539, 26)  # half of the slice, less an hour
    assert report.comparison.challenger.average_precision == 1.0
    assert deployed is not None
    assert deployed.digest == digest
    assert stack.run("SELECT DISTINCT model_version FROM slices ORDER BY 1") == [("1",), ("2",)]
    assert stack.run("SELECT count(*) FROM shadow_scores") == [(1_200,)]
    assert stack.run("SELECT action, model_version, previous_version, author, role FROM model_decisions") == [
        ("promote", "1", None, "test", Role.PROMOTER),
        ("shadow", "2", "1", "ana", Role.PROMOTER),
        ("promote", "2", "1", "bo", Role.PROMOTER),
    ]
    stack.deliver_alerts()
    assert stack.verify().problems == ()


def test_a_model_that_is_no_better_is_kept_out(stack: PostgresStack) -> None:
    stack.challenge("2", weight=0.06, threshold=0.3)  # another scale, the same ranking
    scored_payments(stack, 1_200)
    frauds_told(stack, 1_100)
    report = examined(stack)
    carry_out(deployments_of(stack), report, "bo")
    before = stack.run("SELECT count(*) FROM shadow_scores")
    scored_payments(stack, 20, first=1_201)

    assert report.verdict.outcome == Outcome.KEEP
    assert stack.run("SELECT DISTINCT model_version FROM slices") == [("1",)]
    assert stack.run("SELECT count(*) FROM shadow_scores") == before


def test_nothing_is_decided_on_what_has_not_matured(stack: PostgresStack) -> None:
    try_tree(stack)
    scored_payments(stack, 1_200)
    report = examined(stack, GateRules())

    assert report.verdict.outcome == Outcome.WAIT
    assert carry_out(deployments_of(stack), report, "bo") is None
    assert deployments_of(stack).challenger() is not None


def test_the_way_back_is_taken_with_the_next_slice(stack: PostgresStack) -> None:
    scored_payments(stack, 20)
    stack.deploy("2", weight=0.08, threshold=0.5)
    scored_payments(stack, 20, first=21)
    way = roll_back(deployments_of(stack), Signature("bo", "alerts doubled"))
    scored_payments(stack, 20, first=41)

    assert stack.run("SELECT model_version FROM slices ORDER BY slice_id") == [("1",), ("2",), ("1",)]
    assert stack.run("SELECT deployment_id FROM slices ORDER BY slice_id DESC LIMIT 1") == [
        (way.restored.deployment_id,)
    ]
    assert stack.run("SELECT action, model_version, previous_version, reason FROM model_decisions")[-1] == (
        "rollback",
        "1",
        "2",
        "alerts doubled",
    )
    stack.deliver_alerts()
    assert stack.verify().problems == ()


def test_a_damaged_model_is_not_put_back(stack: PostgresStack) -> None:
    stack.deploy("2", weight=0.08, threshold=0.5)
    stack.run(
        "UPDATE model_artefacts SET content = content || '\\x00'"
        " WHERE digest = (SELECT digest FROM deployments WHERE model_version = '1')"
    )

    with pytest.raises(ModelUnavailable, match="has SHA-256"):
        roll_back(deployments_of(stack), SIGNED)
    scored_payments(stack, 20)
    assert stack.run("SELECT model_version FROM slices") == [("2",)]
    assert stack.run("SELECT action FROM model_decisions")[-1] == ("reject",)


def test_a_damaged_challenger_does_not_stop_the_stream(stack: PostgresStack) -> None:
    digest = try_tree(stack)
    stack.run("UPDATE model_artefacts SET content = '\\x00' WHERE digest = %s", digest)
    scored_payments(stack, 20)

    assert stack.run("SELECT rows FROM slices") == [(20,)]
    assert stack.run("SELECT count(*) FROM shadow_scores") == [(0,)]
    assert examined(stack).verdict.outcome == Outcome.REJECT


def test_what_retraining_looks_at_is_open_to_the_promoter(stack: PostgresStack) -> None:
    scored_payments(stack, 1_200)
    frauds_told(stack, 1_100)
    stack.run("INSERT INTO feature_drift VALUES ('2025-06-14', '1', 'amount', 0.5, 5000)")
    url = stack.url_of(Role.PROMOTER)
    history = PostgresTrainingHistory(url)
    as_of = history.as_of()
    assert as_of is not None
    window = Window(as_of - 3_600, as_of, as_of)

    assert history.extent(window) == Extent(60, 3)
    (batch,) = history.payments(window, every=10)
    assert int(batch.fraud.sum()) == 3
    with contextlib.closing(PostgresQuality(url)) as quality:
        assert worst_drift(quality, "1", as_of) == Drift("amount", 0.5)


def test_readers_see_what_is_at_work_and_why(stack: PostgresStack) -> None:
    try_tree(stack)
    lines = overview_lines(deployments_of(stack, Role.READER), most=10)

    assert lines[0].startswith("at work:  version 1 of m since")
    assert lines[1].startswith("on trial: version 2 of m since")


@pytest.mark.parametrize("role", [Role.READER, Role.SCORER, Role.LABELS])
def test_who_may_not_decide_is_told_so(stack: PostgresStack, role: Role) -> None:
    with pytest.raises(ConfigurationError, match=f"the database role {role} may not do this"):
        deployments_of(stack, role).record(Action.TRAIN, "m", "1", SIGNED)
