"""The scorer as a process: one for each log, until it is told to stop."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import partial

import structlog
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from fraudstream import logs
from fraudstream.adapters.database.scorer_runs import Run, ScorerRuns
from fraudstream.adapters.kafka import KafkaAdmin, java_options
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import ModelUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.ports.records import TopicPartitions
from fraudstream.scoring.job import Log, rehearse, start_scoring, warm_up
from fraudstream.scoring.positions import starting_offsets
from fraudstream.scoring.session import has_executors, scoring_session, stop_session
from fraudstream.scoring.standby import stand_by
from fraudstream.scoring.task import ScoringTask
from fraudstream.scoring.watch import Watch, wait_for_model, wait_for_the_database
from fraudstream.settings import DatabaseSettings, KafkaSettings, ScoringSettings

NEVER_REACHED = 2**62
"""An offset for a slice on trial, above everything that the one at work commits meanwhile."""

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


class Start(Enum):
    """What to do where another scorer is at work on the topic."""

    REFUSE = "refuse"
    TAKE_OVER = "take over"
    """End it, and take its place."""
    STAND_BY = "stand by"
    """Get ready, wait until it is gone, and take its place."""


def score(*, seconds: float | None = None, start: Start = Start.REFUSE) -> None:
    """Score payments until SIGTERM or SIGINT, or for so many seconds.

    Args:
        seconds: how long, counted from the start of the stream; without, until stopped.
        start: what to do where another scorer is at work on the same topic.

    Raises:
        ConfigurationError: another scorer is at work, or settings, topic, jars or positions are not as they must be.
        FraudstreamError: the stream failed; the message says why.
    """
    logs.configure("scorer")
    settings = ScorerSettings(KafkaSettings.load(), DatabaseSettings.load(), ScoringSettings.load())
    run_scorer(settings, threading.Event(), seconds=seconds, start=start)


def run_scorer(
    settings: ScorerSettings, stopped: threading.Event, *, seconds: float | None = None, start: Start = Start.REFUSE
) -> None:
    """What `score` does, with its settings; `stopped` ends it, and is set by SIGTERM and SIGINT."""
    _stop_on_signals(stopped)
    admin = KafkaAdmin(settings.kafka)
    topic = admin.describe(settings.topic)
    clock, heart = SystemClock(), Heartbeat.load()
    with ScorerRuns(settings.database_url, topic, clock) as runs:
        if start is not Start.STAND_BY:
            runs.acquire(takeover=start is Start.TAKE_OVER)
        log.info("starting Spark", master=settings.scoring.spark_master)
        spark = scoring_session(settings.scoring)
        _stop_on_signals(stopped)  # PySpark has put its own in place
        try:
            with exported("scorer") as board, ThreadPoolExecutor(1, "warm-up") as aside:
                warm = aside.submit(warm_up, spark, tasks=len(topic.bounds))
                has_rehearsed = start is Start.STAND_BY and _rehearse_aside(spark, topic, runs, settings)
                if start is Start.STAND_BY and not stand_by(runs, stopped, clock, heart):
                    return
                if wait_for_model(runs, stopped) and wait_for_the_database(runs, stopped, board):
                    run, topic = _begin(runs, admin, settings.topic, clock.now())
                    if not has_rehearsed:
                        _rehearse(spark, topic, run, settings)
                    query = _start(spark, topic, run, settings)
                    has_workers = partial(has_executors, spark)
                    Watch(query, runs, run, clock, stopped, warm, heart, has_workers, board).until_stopped(seconds)
        finally:
            stop_session(spark)
            log.info("scorer stopped")


def _begin(runs: ScorerRuns, admin: KafkaAdmin, topic: str, now: float) -> tuple[Run, TopicPartitions]:
    """The run, and the log as it is behind its positions: others scored it while this one got ready."""
    runs.make_months(now)
    runs.found_again(admin.describe(topic))
    run = runs.begin(host=socket.gethostname(), pid=os.getpid())
    log_now = admin.describe(topic)
    positions = dict(run.next_offset)
    log.info("run begins", epoch=run.epoch, topic=topic, topic_id=log_now.topic_id, positions=positions)
    return run, log_now


def _start(spark: SparkSession, topic: TopicPartitions, run: Run, settings: ScorerSettings) -> StreamingQuery:
    scoring = settings.scoring
    return start_scoring(
        spark,
        _log_from(topic, run.next_offset, settings),
        _task(topic, run.epoch, settings),
        checkpoint=f"{scoring.checkpoint_dir.rstrip('/')}/{topic.topic_id}/{run.epoch}",
        trigger_interval_ms=scoring.trigger_interval_ms,
    )


def _rehearse(spark: SparkSession, topic: TopicPartitions, run: Run, settings: ScorerSettings) -> None:
    log_from_here, task = _log_from(topic, run.next_offset, settings), _task(topic, run.epoch, settings)
    rehearse(spark, log_from_here, task, sorted(run.next_offset.items()))


def _rehearse_aside(spark: SparkSession, topic: TopicPartitions, runs: ScorerRuns, settings: ScorerSettings) -> bool:
    """Rehearse while another one scores: with the end of the log for a start, and offsets that nobody gets to.

    Returns whether there was a model to rehearse with.
    """
    ends = {partition: end for partition, (_, end) in topic.bounds.items()}
    places = [(partition, NEVER_REACHED) for partition in sorted(ends)]
    rehearse(spark, _log_from(topic, ends, settings), _task(topic, runs.newest(), settings), places)
    with contextlib.suppress(ModelUnavailable):
        return runs.has_deployment()
    return False


def _log_from(topic: TopicPartitions, next_offset: Mapping[int, int], settings: ScorerSettings) -> Log:
    return Log(
        bootstrap_servers=settings.kafka.kafka_bootstrap_servers,
        topic=topic.topic,
        starting_offsets=starting_offsets(topic, next_offset),
        max_offsets_per_trigger=settings.scoring.max_offsets_per_trigger,
        security=java_options(settings.kafka),
    )


def _task(topic: TopicPartitions, epoch: int, settings: ScorerSettings) -> ScoringTask:
    scoring = settings.scoring
    return ScoringTask(
        topic=topic.topic,
        topic_id=topic.topic_id,
        epoch=epoch,
        database_url=settings.database_url,
        slice_rows=scoring.slice_rows,
        max_future=scoring.max_future.total_seconds(),
        label_delay=scoring.label_delay.total_seconds(),
    )


def _stop_on_signals(stopped: threading.Event) -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
