"""The scorer as a process: one for each log, until it is told to stop."""

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import structlog
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from fraudstream import logs
from fraudstream.adapters.database.scorer_runs import Run, ScorerRuns
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.ports.records import TopicPartitions
from fraudstream.scoring.job import Log, rehearse, start_scoring, warm_up
from fraudstream.scoring.positions import starting_offsets
from fraudstream.scoring.session import has_executors, scoring_session, stop_session
from fraudstream.scoring.task import ScoringTask
from fraudstream.scoring.watch import Watch, wait_for_model, wait_for_the_database
from fraudstream.settings import DatabaseSettings, KafkaSettings, ScoringSettings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ScorerSettings:
    """Everything the scorer is configured with, and the topic it scores."""

    kafka: KafkaSettings
    database: DatabaseSettings
    scoring: ScoringSettings
    topic: str = TRANSACTIONS

    @property
    def database_url(self) -> str:
        """Where results and state live."""
        return self.database.database_url.get_secret_value()


def score(*, seconds: float | None = None, takeover: bool = False) -> None:
    """Score payments until SIGTERM or SIGINT, or for so many seconds.

    Args:
        seconds: how long, counted from the start of the stream; without, until stopped.
        takeover: end a scorer that is at work on the same topic, and take its place.

    Raises:
        ConfigurationError: another scorer is at work, or settings, topic, jars or positions are not as they must be.
        FraudstreamError: the stream failed; the message says why.
    """
    logs.configure("scorer")
    settings = ScorerSettings(KafkaSettings.load(), DatabaseSettings.load(), ScoringSettings.load())
    run_scorer(settings, threading.Event(), seconds=seconds, takeover=takeover)


def run_scorer(
    settings: ScorerSettings, stopped: threading.Event, *, seconds: float | None = None, takeover: bool = False
) -> None:
    """What `score` does, with its settings; `stopped` ends it, and is set by SIGTERM and SIGINT."""
    _stop_on_signals(stopped)
    topic = KafkaAdmin(settings.kafka).describe(settings.topic)
    clock = SystemClock()
    with ScorerRuns(settings.database_url, topic, clock) as runs:
        runs.acquire(takeover=takeover)
        log.info("starting Spark", master=settings.scoring.spark_master)
        spark = scoring_session(settings.scoring)
        _stop_on_signals(stopped)  # PySpark has put its own in place
        try:
            with exported("scorer") as board, ThreadPoolExecutor(1, "warm-up") as aside:
                warm = aside.submit(warm_up, spark, tasks=len(topic.bounds))
                if wait_for_model(runs, stopped) and wait_for_the_database(runs, stopped, board):
                    run = _begin(runs, topic, clock.now())
                    query = _start(spark, topic, run, settings)
                    heart, has_workers = Heartbeat.load(), partial(has_executors, spark)
                    Watch(query, runs, run, clock, stopped, warm, heart, has_workers, board).until_stopped(seconds)
        finally:
            stop_session(spark)
            log.info("scorer stopped")


def _begin(runs: ScorerRuns, topic: TopicPartitions, now: float) -> Run:
    runs.make_months(now)
    run = runs.begin(host=socket.gethostname(), pid=os.getpid())
    log.info("run begins", epoch=run.epoch, topic=topic.topic, topic_id=topic.topic_id, positions=dict(run.next_offset))
    return run


def _start(spark: SparkSession, topic: TopicPartitions, run: Run, settings: ScorerSettings) -> StreamingQuery:
    scoring = settings.scoring
    log_from_here = Log(
        bootstrap_servers=settings.kafka.kafka_bootstrap_servers,
        topic=topic.topic,
        starting_offsets=starting_offsets(topic, run.next_offset),
        max_offsets_per_trigger=scoring.max_offsets_per_trigger,
    )
    task = ScoringTask(
        topic=topic.topic,
        topic_id=topic.topic_id,
        epoch=run.epoch,
        database_url=settings.database_url,
        slice_rows=scoring.slice_rows,
        max_future=scoring.max_future.total_seconds(),
        label_delay=scoring.label_delay.total_seconds(),
    )
    rehearse(spark, log_from_here, task, sorted(run.next_offset.items()))
    return start_scoring(
        spark,
        log_from_here,
        task,
        checkpoint=f"{scoring.checkpoint_dir.rstrip('/')}/{topic.topic_id}/{run.epoch}",
        trigger_interval_ms=scoring.trigger_interval_ms,
    )


def _stop_on_signals(stopped: threading.Event) -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
