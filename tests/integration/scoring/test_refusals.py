"""A database that takes no writes for a time: the scorer waits, says why and what to do, and goes on by itself."""

import contextlib
import datetime as dt
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
import structlog
from tests.unit.scoring.world import DAY, NOW, a_model, encoded

from fraudstream.adapters.database.archive_store import PostgresArchiveLedger
from fraudstream.adapters.database.label_store import PostgresLabelStore
from fraudstream.adapters.database.quality_store import PostgresQuality
from fraudstream.adapters.database.refusals import READ_ONLY
from fraudstream.adapters.database.scorer_runs import ScorerRuns
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.clock import SystemClock
from fraudstream.errors import ConfigurationError, ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.stability import Histogram
from fraudstream.metrics.board import Board
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.quality import Reference
from fraudstream.ports.records import TopicPartitions
from fraudstream.ports.slices import LogPart
from fraudstream.scoring import worker
from fraudstream.scoring.parse import LogRecords
from fraudstream.scoring.slice import SliceSummary
from fraudstream.scoring.task import ScoringTask
from fraudstream.scoring.watch import wait_for_the_database

pytestmark = pytest.mark.integration

LOG = TopicPartitions("payments", str(uuid.UUID(int=7)), {0: (0, 50)})
DEPLOY = """
    INSERT INTO deployments (model_name, model_version, digest, catalogue_version, threshold, reason, active)
    VALUES ('test', '1', %s, %s, 0.5, 'test', true)
"""
MOMENT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
REFERENCE = Reference("1", MOMENT, MOMENT, {"amount": Histogram((0.1,), (3, 2))})
FULL_DISK = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file "base/5/1249": No space left on device' USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON slices FOR EACH ROW EXECUTE FUNCTION refuse()
"""
OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass
class Database:
    """A scorer's database, with a model at work."""

    url: str

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run one statement in a transaction of its own, also where others may only read."""
        opened = contextlib.closing(connect(self.url, application="test"))
        with opened as connection, connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ WRITE")
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def read_only(self, value: str) -> None:
        """For every session that begins from now on; those that are there end, as when a server changes its part."""
        ((name,),) = self.execute("SELECT current_database()")
        self.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')
        self.execute(OTHER_SESSIONS)

    def positions(self) -> list[tuple[object, ...]]:
        """Where the log is scored up to."""
        return self.execute("SELECT next_offset FROM positions")


@pytest.fixture
def database(database_url: str) -> Database:
    made, model = Database(database_url), a_model()
    content = to_bytes(model)
    made.execute("INSERT INTO model_artefacts (digest, content) VALUES (%s, %s)", digest_of(content), content)
    made.execute(DEPLOY, digest_of(content), model.catalogue_version)
    return made


@pytest.fixture
def runs(database: Database) -> Iterator[ScorerRuns]:
    """The right to score the log."""
    with ScorerRuns(database.url, LOG, SystemClock()) as held:
        held.acquire(takeover=False)
        held.make_months(NOW)
        yield held


@contextlib.contextmanager
def while_waiting(logs: list[structlog.typing.EventDict], words: str, then: Callable[[], None]) -> Iterator[None]:
    """Do something in the background as soon as the log says some words."""
    told, ended = threading.Event(), threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            if any(words in str(line) for line in logs):
                told.set()
                then()
                return

    with ThreadPoolExecutor(1) as aside:
        done = aside.submit(look)
        try:
            yield
        finally:
            ended.set()
        done.result()
    assert told.is_set()


def score_fifty(database: Database, runs: ScorerRuns) -> SliceSummary:
    """What a worker does with the first fifty payments of the log."""
    run = runs.begin(host="test", pid=1)
    task = ScoringTask(LOG.topic, LOG.topic_id, run.epoch, database.url, 500, DAY, 4 * DAY)
    payments = [encoded(user_id=number % 7, transaction_id=str(uuid.UUID(int=number))) for number in range(50)]
    return worker.score_records(task, 0, LogRecords(np.arange(50), np.full(50, NOW), payments))


def test_a_slice_waits_while_the_database_is_read_only(
    database: Database, runs: ScorerRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = runs.begin

    def begin(*, host: str, pid: int) -> object:
        run = begun(host=host, pid=pid)
        database.read_only("on")
        return run

    monkeypatch.setattr(runs, "begin", begin)
    with (
        structlog.testing.capture_logs() as logs,
        while_waiting(logs, "it is read-only", lambda: database.read_only("off")),
    ):
        summary = score_fifty(database, runs)

    assert summary.scored == 50
    assert database.positions() == [(50,)]


def test_a_slice_waits_while_the_disk_is_full(database: Database, runs: ScorerRuns) -> None:
    def free_space() -> None:
        assert database.positions() == [(0,)]
        database.execute("DROP TRIGGER full_disk ON slices")

    database.execute(FULL_DISK)
    with structlog.testing.capture_logs() as logs, while_waiting(logs, "no disk space left", free_space):
        summary = score_fifty(database, runs)

    assert summary.scored == 50
    assert database.positions() == [(50,)]


def test_the_registry_is_not_needed_to_score(
    database: Database, runs: ScorerRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model at work is in the database, and checked against its digest there; MLFLOW_TRACKING_URI is not read."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.delitem(sys.modules, "fraudstream.adapters.model_registry", raising=False)
    worker._models.cache_clear()

    assert score_fifty(database, runs).scored == 50
    assert "fraudstream.adapters.model_registry" not in sys.modules


def test_a_model_that_was_changed_in_the_database_is_not_used(database: Database, runs: ScorerRuns) -> None:
    content = bytes(database.execute("SELECT content FROM model_artefacts")[0][0])  # type: ignore[call-overload]
    database.execute("UPDATE model_artefacts SET content = %s", content[:-1] + bytes([content[-1] ^ 1]))
    worker._models.cache_clear()

    with pytest.raises(ModelUnavailable):
        score_fifty(database, runs)
    assert database.positions() == [(0,)]


def test_the_right_to_score_outlives_a_read_only_time(database: Database, runs: ScorerRuns) -> None:
    database.read_only("on")
    for _ in range(2):
        with pytest.raises(TemporarilyUnavailable, match="read-only"):
            runs.check()
        with pytest.raises(TemporarilyUnavailable, match="read-only"):
            runs.probe()
    database.read_only("off")
    runs.check()
    runs.probe()
    assert runs.positions() == {}
    run = runs.begin(host="test", pid=1)

    with ScorerRuns(database.url, LOG, SystemClock()) as other, pytest.raises(ConfigurationError, match="another"):
        other.acquire(takeover=False)
    assert database.execute("SELECT epoch FROM positions") == [(run.epoch,)]


def test_a_session_that_began_read_only_is_replaced(database: Database) -> None:
    database.read_only("on")
    with ScorerRuns(database.url, LOG, SystemClock()) as runs:
        runs.acquire(takeover=False)
        with pytest.raises(TemporarilyUnavailable, match="read-only"):
            runs.begin(host="test", pid=1)
        with structlog.testing.capture_logs() as logs:
            with while_waiting(logs, "it is read-only", lambda: database.read_only("off")):
                assert wait_for_the_database(runs, threading.Event(), Board("scorer"))
            assert runs.begin(host="test", pid=1).next_offset == {0: 0}

    assert [line["event"] for line in logs] == ["waiting for the database", "the database takes writes again"]


def test_what_a_read_only_database_refuses_is_told_in_one_sentence(database: Database) -> None:
    database.read_only("on")
    with (
        contextlib.closing(PostgresSliceStore(database.url, application="test")) as slices,
        pytest.raises(TemporarilyUnavailable) as refused,
        slices.open(LogPart(LOG.topic, LOG.topic_id, 0, 1)),
    ):
        pass
    with (
        contextlib.closing(PostgresLabelStore(database.url)) as labels,
        pytest.raises(TemporarilyUnavailable) as refused_too,
        labels.transaction() as transaction,
    ):
        transaction.take_turns(1)

    assert str(refused.value) == str(refused_too.value) == READ_ONLY


def test_services_that_are_refused_for_being_read_only_do_not_blame_their_role(database: Database) -> None:
    database.read_only("on")
    with (
        contextlib.closing(PostgresArchiveLedger(database.url)) as archive,
        pytest.raises(TemporarilyUnavailable) as refused,
    ):
        archive.accept_gaps()
    with (
        contextlib.closing(PostgresQuality(database.url)) as quality,
        pytest.raises(TemporarilyUnavailable) as refused_too,
    ):
        quality.put_reference(REFERENCE)

    assert str(refused.value) == str(refused_too.value) == READ_ONLY
