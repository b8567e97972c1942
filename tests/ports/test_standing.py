"""One contract for `StandingReader`, in memory and on PostgreSQL."""

import contextlib
import uuid
from collections.abc import Iterator

import numpy as np
import pytest
from tests.ports.slice_worlds import DIGEST, MemoryWorld, PostgresWorld
from tests.ports.test_slice_store import PART, take

from fraudstream.adapters.database.standing_reader import PostgresStandings
from fraudstream.adapters.memory_standing import MemoryStandings
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.ports.standing import StandingReader

pytestmark = pytest.mark.ports

World = tuple[MemoryWorld | PostgresWorld, StandingReader]
KNOWN, UNKNOWN = uuid.UUID(int=100), uuid.UUID(int=5)


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        if request.param == "memory":
            memory = MemoryWorld()
            yield memory, MemoryStandings(memory.memory)
        else:
            url = request.getfixturevalue("database_url")
            reader = stack.enter_context(contextlib.closing(PostgresStandings(url, sessions=2)))
            yield PostgresWorld(url, stack), reader


def test_without_a_deployment_there_is_nothing_to_score_with(world: World) -> None:
    with pytest.raises(ModelUnavailable, match="no model is deployed"):
        world[1].standing(UNKNOWN, 7, 5)


def test_who_was_never_seen_stands_at_zero(world: World) -> None:
    deployment = world[0].deploy()

    found = world[1].standing(UNKNOWN, 7, None)

    assert found.deployment == deployment
    assert (found.known_as, found.label_seq) == (None, 0)
    for row, width in (
        (found.state, CUSTOMER_STATE_WIDTH),
        (found.customer_risk, CUSTOMER_RISK_WIDTH),
        (found.merchant_risk, MERCHANT_RISK_WIDTH),
    ):
        assert row.tolist() == [0.0] * width


def test_everything_committed_is_there_at_once(world: World) -> None:
    here, reader = world
    deployment = here.deploy()
    customer, merchant = np.full(CUSTOMER_RISK_WIDTH, 0.1), np.full(MERCHANT_RISK_WIDTH, 0.7)
    here.put_risk(7, customer, 5, merchant, label_seq=3)
    take(here.store(), PART, deployment, 7)

    found = reader.standing(KNOWN, 7, 5)

    assert found.state.tolist() == [1.0] * CUSTOMER_STATE_WIDTH
    assert found.customer_risk.tobytes() == customer.tobytes()
    assert found.merchant_risk.tobytes() == merchant.tobytes()
    assert (found.label_seq, found.known_as) == (3, 0)
    assert reader.standing(UNKNOWN, 8, None).state.sum() == 0


def test_a_slice_that_is_not_committed_is_not_seen_and_not_waited_for(world: World) -> None:
    here, reader = world
    here.deploy()
    with here.store().open(PART) as opened:
        opened.lock_states(1, np.array([7]))

        assert reader.standing(UNKNOWN, 7, None).state.sum() == 0


def test_what_is_read_may_be_moved(world: World) -> None:
    here, reader = world
    take(here.store(), PART, here.deploy(), 7)
    reader.standing(UNKNOWN, 7, None).state[:] += 5

    assert reader.standing(UNKNOWN, 7, None).state.tolist() == [1.0] * CUSTOMER_STATE_WIDTH


def test_an_artefact_is_found_by_its_digest(world: World) -> None:
    world[0].deploy()

    assert world[1].artefact(DIGEST) == b"artefact"
    with pytest.raises(ModelUnavailable, match="e" * 64):
        world[1].artefact("e" * 64)


def test_sessions_that_broke_are_opened_again(database_url: str) -> None:
    with contextlib.ExitStack() as stack:
        here = PostgresWorld(database_url, stack)
        reader = stack.enter_context(contextlib.closing(PostgresStandings(database_url)))
        here.deploy()
        reader.standing(UNKNOWN, 7, None)
        here.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'fraudstream scoring-api' AND datname = current_database()"
        )

        assert reader.standing(UNKNOWN, 7, None).known_as is None


def test_a_statement_that_takes_too_long_is_given_up(database_url: str) -> None:
    with contextlib.ExitStack() as stack:
        here = PostgresWorld(database_url, stack)
        reader = stack.enter_context(contextlib.closing(PostgresStandings(database_url, statement_timeout_ms=50)))
        here.deploy()
        reader.standing(UNKNOWN, 7, None)
        with here.store().open(PART) as opened:
            opened._cursor.execute("LOCK TABLE customer_state IN ACCESS EXCLUSIVE MODE")  # type: ignore[attr-defined]

            with pytest.raises(TemporarilyUnavailable, match="too long"):
                reader.standing(UNKNOWN, 7, None)
        assert reader.standing(UNKNOWN, 7, None).known_as is None


def test_a_server_that_is_away_is_a_reason_to_come_again() -> None:
    reader = PostgresStandings("postgresql+psycopg2://nobody:nothing@127.0.0.1:1/nowhere")

    with pytest.raises(TemporarilyUnavailable, match=r"127\.0\.0\.1:1"):
        reader.standing(UNKNOWN, 7, None)
