"""The label applier as a process."""

import signal
import threading
from contextlib import closing

import structlog

from fraudstream import logs
from fraudstream.adapters.database.label_store import PostgresLabelStore
from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import LABELS
from fraudstream.features.label_history import load_kernel
from fraudstream.feedback.applier import LabelApplier
from fraudstream.feedback.consumption import LabelLoop
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.settings import DatabaseSettings, KafkaSettings, ScoringSettings

GROUP = "fraudstream-label-applier"


def apply_labels() -> None:
    """Apply labels as they arrive, until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: a setting is missing or the label topic does not exist.
        TemporarilyUnavailable: the broker or the database did not answer for minutes.
    """
    logs.configure("label-applier")
    kafka = KafkaSettings.load()
    store = PostgresLabelStore(DatabaseSettings.load().database_url.get_secret_value())
    admin = KafkaAdmin(kafka)
    applier = LabelApplier(store, LABELS, admin.topic_id(LABELS), ScoringSettings.load().max_future)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    consumer = KafkaConsumer(kafka, LABELS, group=GROUP)
    load_kernel()
    with closing(store), closing(consumer), exported("label-applier") as board:
        structlog.get_logger().info("label applier ready", topic_id=applier.topic_id)
        LabelLoop(applier, consumer, admin, SystemClock(), Heartbeat.load(), board).run(stopped.is_set)
