"""Whoever answers questions needs no more than the right to read."""

import contextlib
import uuid

import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill

from fraudstream.adapters.database.case_reader import PostgresCases
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.label_desk import PostgresLabelDesk
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.scored_history import PostgresScoredHistory
from fraudstream.analyst.backtest import backtest
from fraudstream.analyst.contestants import champion, contestant
from fraudstream.analyst.explanation import explain
from fraudstream.ports.label_desk import LabelFate
from fraudstream.ports.registry import ModelRegistry
from fraudstream.ports.scored_history import Days

pytestmark = pytest.mark.integration


def test_a_reader_explains_and_looks_labels_up(world: RoleWorld) -> None:
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
        fill(stack)
    pool = ConnectionPool(world.url(Role.READER), application="test", readonly=True)
    cases, desk = PostgresCases(world.url(Role.READER)), PostgresLabelDesk(pool)
    labelled = [key for (key,) in stack.run("SELECT transaction_id FROM labels ORDER BY label_seq LIMIT 1")]
    case = cases.case(uuid.UUID(str(labelled[0])))

    assert explain(case, cases.artefact).holds
    assert case.payment is not None
    assert desk.payment(case.transaction_id) is not None
    assert desk.stream_time() is not None
    assert desk.outcomes([case.transaction_id]) != {}
    assert desk.fate(case.labels[0].place) == LabelFate(label_seq=1)


def test_a_reader_tries_models_on_the_past(world: RoleWorld) -> None:
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
        fill(stack)
    with PostgresScoredHistory(world.url(Role.READER)).snapshot() as history:
        found = champion(history).contestant
        assert found is not None
        result = backtest(history, found, None, Days())

    assert result.total.payments == 48
    assert contestant_of(world.url(Role.READER), "1") == "database"


def contestant_of(url: str, version: str) -> str:
    def unopened() -> ModelRegistry:
        raise AssertionError("the registry is not needed")

    with PostgresScoredHistory(url).snapshot() as history:
        return contestant(history, version, unopened).source
