"""The scorer as a process: waiting, ready, stopped, killed, taken over."""

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.scoring.stream import ScoredTopic
from tests.integration.scraping import a_free_port, scraped
from tests.spark.running import spark_settings
from tests.unit.scoring.world import a_model, encoded

from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.integration

PATIENCE = 120.0
A_TRACEBACK = r"Traceback \(most recent call last\):\n +File"
"""A worker of PySpark's that loses its driver while it is ended gets no further than the first line."""
SCRIPT = Path(__file__).with_name("scorer_process.py")


@dataclass
class ScorerProcess:
    """A scorer that was started, and what it printed."""

    popen: subprocess.Popen[bytes]
    printed: Path

    def prints(self, words: str) -> None:
        """Wait until it has printed some words."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.printed.read_text():
            assert self.popen.poll() is None, self.printed.read_text()[-3_000:]
            assert time.monotonic() < deadline, self.printed.read_text()[-3_000:]
            time.sleep(0.05)

    def ends(self) -> int:
        """Wait until it has ended; returns its exit code."""
        return self.popen.wait(PATIENCE)


Start = Callable[..., ScorerProcess]


@pytest.fixture
def log(kafka_settings: KafkaSettings, database_url: str, topic: str, tmp_path: Path) -> ScoredTopic:
    """A topic and its database; the scorers bring Spark of their own."""
    return ScoredTopic(None, kafka_settings, database_url, topic, tmp_path)


@pytest.fixture
def start(log: ScoredTopic, tmp_path: Path) -> Iterator[Start]:
    """Starts scorers, and ends those that are left."""
    started: list[ScorerProcess] = []
    environment = {
        name: os.environ[name] for name in ("HOME", "PATH", "JAVA_HOME", "NUMBA_CACHE_DIR") if name in os.environ
    }
    environment |= {
        "KAFKA_BOOTSTRAP_SERVERS": log.kafka.kafka_bootstrap_servers,
        "DATABASE_URL": log.database_url,
        "SPARK_JARS_DIR": str(spark_settings().spark_jars_dir),
        "SPARK_DRIVER_MEMORY": "512m",
        "CHECKPOINT_DIR": str(tmp_path / "checkpoints"),
    }

    def begin(*flags: str, **more: str) -> ScorerProcess:
        printed = tmp_path / f"scorer-{len(started)}.log"
        with printed.open("wb") as sink:
            popen = subprocess.Popen(
                [sys.executable, str(SCRIPT), log.topic, *flags],
                env={**environment, **more},
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        started.append(ScorerProcess(popen, printed))
        return started[-1]

    yield begin
    for process in started:
        if process.popen.poll() is None:
            os.killpg(process.popen.pid, signal.SIGKILL)
            process.popen.wait(30)


def payments(count: int) -> list[bytes]:
    return [encoded(user_id=number % 7, transaction_id=str(uuid.uuid4())) for number in range(count)]


def test_it_waits_for_a_model_is_ready_is_alone_and_stops_when_told(log: ScoredTopic, start: Start) -> None:
    log.execute("UPDATE deployments SET active = false")
    port = a_free_port()
    scorer = start(METRICS_PORT=str(port))
    scorer.prints("waiting for a model")
    log.deploy(a_model(version="2"), version="2")
    scorer.prints("ready")
    assert log.execute("SELECT count(*) FROM runs WHERE ready_at IS NOT NULL") == [(1,)]

    second = start()
    assert second.ends() != 0
    assert "ConfigurationError: another scorer is at work on" in second.printed.read_text()

    log.send(*payments(20))
    log.wait()
    figures = scraped(port, "fraudstream_scorer_records_total", lambda value: value == 20)
    assert figures["fraudstream_scorer_stands_still"] == 0
    assert scraped(port, "fraudstream_scorer_behind_records", lambda value: value == 0)
    scorer.popen.send_signal(signal.SIGTERM)
    assert scorer.ends() == 0
    assert not re.search(A_TRACEBACK, scorer.printed.read_text())
    assert log.execute("SELECT DISTINCT model_version FROM slices") == [("2",)]


def test_after_a_kill_the_next_one_goes_on_where_the_results_end(log: ScoredTopic, start: Start) -> None:
    first = start()
    first.prints("ready")
    places = log.send(*payments(300), key=None)
    while not log.positions():
        assert first.popen.poll() is None
    first.popen.kill()
    places += log.send(*payments(100), key=None)
    second = start()
    second.prints("ready")
    log.wait()

    assert {place: ["scored"] for place in places} == log.fates()
    assert len(log.vectors()) == 400
    epochs = [epoch for (epoch,) in log.execute("SELECT epoch FROM runs ORDER BY epoch")]
    assert len(epochs) == 2
    assert log.execute("SELECT DISTINCT epoch FROM positions") == [(epochs[1],)]


@pytest.mark.long
def test_a_takeover_ends_the_other_one_with_a_sentence(log: ScoredTopic, start: Start) -> None:
    first = start()
    first.prints("ready")
    second = start("--takeover")
    assert first.ends() != 0
    assert "Fenced: another scorer took over" in first.printed.read_text()
    second.prints("ready")
    log.send(*payments(20))
    log.wait()

    assert len(log.vectors()) == 20


@pytest.mark.long
def test_one_that_stands_by_is_stopped_when_told_and_goes_on_where_a_killed_one_ends(
    log: ScoredTopic, start: Start
) -> None:
    first = start("--standby")
    first.prints("ready")
    idle, second = start("--standby"), start("--standby")
    for standing_by in (idle, second):
        standing_by.prints("standing by for the right to score")
    idle.popen.send_signal(signal.SIGTERM)
    assert idle.ends() == 0
    places = log.send(*payments(300), key=None)
    while not log.positions():
        assert first.popen.poll() is None
    first.popen.kill()
    places += log.send(*payments(100), key=None)
    second.prints("no other scorer is at work; taking over")
    second.prints("ready")
    log.wait()

    assert {place: ["scored"] for place in places} == log.fates()
    epochs = [epoch for (epoch,) in log.execute("SELECT epoch FROM runs ORDER BY epoch")]
    assert len(epochs) == 2
    assert log.execute("SELECT DISTINCT epoch FROM positions") == [(epochs[1],)]
