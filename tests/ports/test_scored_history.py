"""One contract for `ScoredHistory`, in memory and on PostgreSQL."""

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from tests.integration.verify.postgres_stack import PostgresStack
from tests.ports.case_worlds import CaseWorld, PostgresCaseWorld, case_worlds
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.scored_history import PostgresScoredHistory
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION, index_of
from fraudstream.features.label_history import UNLABELLED
from fraudstream.ports.scored_history import Days, ScoredBatch

pytestmark = pytest.mark.ports

EVERYTHING = Days()


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[CaseWorld]:
    yield from case_worlds(request)


@pytest.fixture
def postgres(database_url: str) -> Iterator[PostgresCaseWorld]:
    with contextlib.ExitStack() as resources:
        yield PostgresCaseWorld(PostgresStack(database_url, resources))


def walked(world: CaseWorld, days: Days = EVERYTHING, version: int = CATALOGUE_VERSION) -> ScoredBatch:
    with world.history().snapshot() as history:
        batches = list(history.walk(version, days))
        assert history.count(version, days) == sum(map(len, batches))
    return ScoredBatch(
        *(np.concatenate([getattr(batch, name) for batch in batches]) for name in ScoredBatch.__dataclass_fields__)
    )


def a_stream(world: CaseWorld) -> None:
    """Payments 1 to 4 in two partitions; the second partition is scored first."""
    for number in (1, 2, 3, 4):
        world.send(a_payment(number, amount=10.0 * number), partition=number % 2)
    world.score(1)
    world.score(0)


def test_payments_come_in_the_recorded_order(world: CaseWorld) -> None:
    a_stream(world)

    history = walked(world)

    assert history.amount.tolist() == [10.0, 30.0, 20.0, 40.0]
    assert history.event_time.tolist() == [a_payment(n).timestamp.timestamp() for n in (1, 3, 2, 4)]
    assert history.features[:, index_of("amount")].tolist() == history.amount.tolist()


def test_the_newest_outcome_of_today_counts(world: CaseWorld) -> None:
    a_stream(world)
    world.say(1, is_fraud=False)
    world.say(1, is_fraud=True)
    world.say(2, is_fraud=False)
    world.say(9, is_fraud=True)

    assert walked(world).outcome.tolist() == [1, UNLABELLED, 0, UNLABELLED]


def test_days_are_of_the_payments_own_time_and_end_before_their_end(world: CaseWorld) -> None:
    a_stream(world)
    moments = [a_payment(number).timestamp.timestamp() for number in (2, 4)]

    assert walked(world, Days(*moments)).amount.tolist() == [30.0, 20.0]
    assert walked(world, Days(begin=moments[1])).amount.tolist() == [40.0]
    assert walked(world, Days(end=moments[0])).amount.tolist() == [10.0]


def test_another_catalogue_has_a_history_of_its_own(world: CaseWorld) -> None:
    a_stream(world)

    with world.history().snapshot() as history:
        assert list(history.walk(CATALOGUE_VERSION + 1, EVERYTHING)) == []
        assert history.count(CATALOGUE_VERSION + 1, EVERYTHING) == 0


def test_a_damaged_vector_is_nan_throughout(world: CaseWorld) -> None:
    a_stream(world)
    world.damage(3)

    assert np.isnan(walked(world).features).all(axis=1).tolist() == [False, True, False, False]


def test_a_version_is_known_by_its_newest_deployment(world: CaseWorld) -> None:
    world.deploy("2", weight=0.05, threshold=0.4)
    world.deploy("3", weight=0.06, threshold=0.5)
    world.deploy("2", weight=0.07, threshold=0.6)

    with world.history().snapshot() as history:
        model, active = history.model("2"), history.active()
        assert model is not None
        assert active is not None
        assert (model.version, model.threshold, model.catalogue_version) == ("2", 0.6, CATALOGUE_VERSION)
        assert (active.model_version, active.digest) == ("2", model.digest)
        assert history.artefact(model.digest)
        assert history.model("4") is None
        with pytest.raises(ModelUnavailable, match="no model artefact with SHA-256 0000"):
            history.artefact("0" * 64)


def test_a_version_that_was_only_on_trial_is_known_too(world: CaseWorld) -> None:
    world.tried("8")

    with world.history().snapshot() as history:
        model = history.model("8")
        assert model is not None
        assert (model.version, model.threshold) == ("8", 0.9)
        assert history.artefact(model.digest)


def test_on_a_server_what_is_written_meanwhile_is_not_seen(postgres: PostgresCaseWorld) -> None:
    a_stream(postgres)
    with postgres.history().snapshot() as history:
        assert history.count(CATALOGUE_VERSION, EVERYTHING) == 4
        postgres.send(a_payment(5))
        postgres.score()
        postgres.say(1, is_fraud=True)
        (batch,) = history.walk(CATALOGUE_VERSION, EVERYTHING)

    assert batch.outcome.tolist() == [UNLABELLED] * 4


def test_on_a_server_the_rows_come_batch_by_batch(postgres: PostgresCaseWorld) -> None:
    a_stream(postgres)
    with PostgresScoredHistory(postgres.stack.url, batch=3).snapshot() as history:
        batches = list(history.walk(CATALOGUE_VERSION, EVERYTHING))

    assert [batch.amount.tolist() for batch in batches] == [[10.0, 30.0, 20.0], [40.0]]


def test_a_server_that_does_not_answer_is_unavailable_for_a_time() -> None:
    history = PostgresScoredHistory("postgresql+psycopg2://nobody:x@127.0.0.1:1/none")

    with pytest.raises(TemporarilyUnavailable, match="did not accept the connection"), history.snapshot():
        pass
