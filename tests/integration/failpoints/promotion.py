"""Whoever promotes: two versions, the way back, and a third; each verb is given again until it is done."""

from collections.abc import Callable
from functools import partial

import stamina
from tests.integration.failpoints.kept import Bench
from tests.integration.failpoints.scenario import Facts, Scenario
from tests.integration.verify.postgres_stack import an_initial_state
from tests.unit.verify.memory_stack import a_model

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.chaos.failpoints import Failpoints, failing
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.initial_state import state_to_bytes
from fraudstream.ports.life_cycle import Deployments, Signature
from fraudstream.ports.registry import ModelRegistry, TrainingRun
from fraudstream.training.parts import DIGEST_TAG, MODEL_FILE, STATE_DIGEST_TAG, STATE_FILE
from fraudstream.training.promote import promote_version
from fraudstream.training.rollback import move_champion, roll_back

TRIED = Signature("ana", "tried")


def prepare(bench: Bench) -> None:
    state = state_to_bytes(an_initial_state())
    for weight in (0.05, 0.08, 0.02):
        model = to_bytes(a_model(weight, 0.3))
        tags = {DIGEST_TAG: digest_of(model), STATE_DIGEST_TAG: digest_of(state)}
        bench.kept.registry.register(TrainingRun(0.0, {}, {}, tags, {MODEL_FILE: model, STATE_FILE: state}))


def run(bench: Bench, points: Failpoints) -> None:
    deployments = failing(PostgresDeployments(bench.url), points, "deployments")
    registry = failing(bench.lasting(bench.kept.registry), points, "registry")
    verbs: list[Callable[[], object]] = [
        partial(_promote, registry, deployments, "1"),
        partial(_promote, registry, deployments, "2"),
        partial(_go_back, registry, deployments, "1"),
        partial(_promote, registry, deployments, "3"),
    ]
    for number, verb in enumerate(verbs):
        bench.once(number, partial(_until_done, verb))


def _until_done(verb: Callable[[], object]) -> None:
    for attempt in stamina.retry_context(on=TemporarilyUnavailable, attempts=5):
        with attempt:
            verb()


def _promote(registry: ModelRegistry, deployments: Deployments, version: str) -> None:
    promote_version(registry, deployments, registry.find(version), TRIED, timer=lambda: 0.0)


def _go_back(registry: ModelRegistry, deployments: Deployments, version: str) -> None:
    """`fraudstream rollback --to VERSION`, which may find that it was done before."""
    try:
        roll_back(deployments, TRIED, to=version, timer=lambda: 0.0)
    except ModelUnavailable as error:
        if "is at work already" not in str(error):
            raise
    active = deployments.active()
    assert active is not None
    if reason := move_champion(lambda: registry, active):
        raise TemporarilyUnavailable(reason)


def facts(bench: Bench) -> Facts:
    return {"aliases": bench.kept.registry.aliases}


PROMOTION = Scenario(prepare, run, facts)
