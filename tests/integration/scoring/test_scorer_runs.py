"""One scorer at a time, each start a newer run, and positions handed over with it."""

import contextlib
import uuid
from collections.abc import Callable, Iterator

import pytest

from fraudstream.adapters.database.scorer_runs import Run, ScorerRuns, slice_application
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.clock import ManualClock
from fraudstream.errors import ConfigurationError, Fenced, ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.ports.records import TopicPartitions
from fraudstream.ports.slices import LogPart

pytestmark = pytest.mark.integration

LOG = TopicPartitions("payments", str(uuid.UUID(int=1 << 127 | 5)), {0: (0, 100), 1: (40, 90)})
OTHER_LOG = TopicPartitions("payments", str(uuid.UUID(int=1 << 126)), {0: (0, 7)})

NEXT = CATALOGUE_VERSION + 1

MakeRuns = Callable[..., ScorerRuns]


@pytest.fixture
def runs_of(database_url: str) -> Iterator[MakeRuns]:
    with contextlib.ExitStack() as stack:

        def make(log: TopicPartitions = LOG) -> ScorerRuns:
            return stack.enter_context(ScorerRuns(database_url, log, ManualClock()))

        yield make


def execute(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    with contextlib.closing(connect(url, application="test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def begin(runs: ScorerRuns) -> Run:
    return runs.begin(host="test", pid=1)


def test_a_second_scorer_of_the_same_log_is_refused(runs_of: MakeRuns) -> None:
    runs_of().acquire(takeover=False)

    with pytest.raises(ConfigurationError, match="another scorer is at work on payments; stop it, or"):
        runs_of().acquire(takeover=False)


def test_scorers_of_different_logs_do_not_meet(runs_of: MakeRuns) -> None:
    runs_of().acquire(takeover=False)
    runs_of(OTHER_LOG).acquire(takeover=False)


def test_the_right_is_free_again_after_the_end(runs_of: MakeRuns) -> None:
    with runs_of() as first:
        first.acquire(takeover=False)
    runs_of().acquire(takeover=False)


def test_a_takeover_ends_the_other_scorers_sessions(runs_of: MakeRuns, database_url: str) -> None:
    first, second = runs_of(), runs_of()
    first.acquire(takeover=False)
    run = begin(first)
    name = slice_application(LOG.topic_id, run.epoch)
    with contextlib.closing(PostgresSliceStore(database_url, application=name)) as store:
        with store.open(LogPart("payments", LOG.topic_id, 0, run.epoch)):
            pass
        second.acquire(takeover=True)
        left = execute(database_url, "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", name)

    assert left == [(0,)]
    with pytest.raises(Fenced, match="another scorer took over payments"):
        first.check()
    second.check()


def test_a_right_that_was_lost_to_nobody_is_taken_again(runs_of: MakeRuns, database_url: str) -> None:
    runs = runs_of()
    runs.acquire(takeover=False)
    execute(
        database_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fraudstream-scorer'",
    )
    runs.check()

    with pytest.raises(ConfigurationError, match="another scorer"):
        runs_of().acquire(takeover=False)


def test_each_run_is_newer_and_takes_the_positions_over(runs_of: MakeRuns, database_url: str) -> None:
    runs = runs_of()
    first = begin(runs)
    execute(database_url, "UPDATE positions SET next_offset = 77 WHERE partition = 0")
    second = begin(runs)

    assert first.next_offset == {0: 0, 1: 40}
    assert second.next_offset == {0: 77, 1: 40}
    assert second.epoch > first.epoch
    assert execute(database_url, "SELECT DISTINCT epoch FROM positions") == [(second.epoch,)]
    assert execute(database_url, "SELECT host, pid, ready_at FROM runs WHERE epoch = %s", second.epoch) == [
        ("test", 1, None)
    ]


def test_a_recreated_topic_is_another_log(runs_of: MakeRuns, database_url: str) -> None:
    begin(runs_of())
    execute(database_url, "UPDATE positions SET next_offset = 77")

    assert begin(runs_of(OTHER_LOG)).next_offset == {0: 0}
    assert begin(runs_of()).next_offset == {0: 77, 1: 77}


def test_a_partition_added_later_is_taken_in(runs_of: MakeRuns) -> None:
    begin(runs_of())
    grown = TopicPartitions(LOG.topic, LOG.topic_id, {**LOG.bounds, 2: (0, 3)})

    assert begin(runs_of(grown)).next_offset == {0: 0, 1: 40, 2: 0}


def test_readiness_is_noted(runs_of: MakeRuns, database_url: str) -> None:
    runs = runs_of()
    run = begin(runs)
    runs.mark_ready(run)

    assert execute(database_url, "SELECT ready_at >= started_at FROM runs WHERE epoch = %s", run.epoch) == [(True,)]


def test_a_deployment_is_seen_once_it_is_there(runs_of: MakeRuns, database_url: str) -> None:
    runs = runs_of()
    before = runs.has_deployment()
    execute(
        database_url,
        "INSERT INTO deployments (model_name, model_version, digest, catalogue_version, threshold, reason, active)"
        " VALUES ('m', '1', '0', %s, 0.5, 'test', true)",
        CATALOGUE_VERSION,
    )

    assert (before, runs.has_deployment()) == (False, True)


@pytest.mark.parametrize(
    ("state", "match"),
    [
        (
            NEXT,
            f"reads feature catalogue {NEXT}, this program computes {CATALOGUE_VERSION}.*`fraudstream rebuild-state`",
        ),
        (CATALOGUE_VERSION, "at work without a complete state; build it with `fraudstream rebuild-state`"),
    ],
    ids=["of another catalogue", "without a state"],
)
def test_a_model_whose_state_is_not_there_is_refused(
    runs_of: MakeRuns, database_url: str, state: int, match: str
) -> None:
    execute(database_url, "INSERT INTO state_versions VALUES (7, '{}', 0)")
    execute(
        database_url,
        "INSERT INTO deployments (model_name, model_version, digest, catalogue_version, threshold, reason, active)"
        " VALUES ('m', '1', '0', %s, 0.5, 'test', true)",
        state,
    )

    with pytest.raises(ModelUnavailable, match=match):
        runs_of().has_deployment()


def test_an_absent_server_is_a_temporary_problem(database_url: str) -> None:
    nowhere = database_url.rsplit("/", 1)[0] + "/there_is_no_such_database"

    with ScorerRuns(nowhere, LOG, ManualClock()) as runs, pytest.raises(TemporarilyUnavailable, match="did not accept"):
        runs.acquire(takeover=False)
