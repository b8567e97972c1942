"""The processes of the alert path."""

import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import structlog
from rich.console import Console

import fraudstream
from fraudstream import logs
from fraudstream.adapters.aws.function import LambdaInvoker
from fraudstream.adapters.aws.queue import SqsQueue
from fraudstream.adapters.database.alert_store import PostgresAlerts
from fraudstream.adapters.database.breaker_store import PostgresHeldAlerts
from fraudstream.adapters.database.outbox_backlog import PostgresOutboxBacklog
from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.kafka import KafkaConsumer, KafkaProducer
from fraudstream.adapters.lambda_process import FunctionCode, RuntimeApiInvoker
from fraudstream.alerting.backlog import BacklogShown
from fraudstream.alerting.breaker import Breaker, status_lines, window_of
from fraudstream.alerting.follow import alert_lines, follow_alerts
from fraudstream.alerting.inbox import Inbox
from fraudstream.alerting.kafka_event import EventSource
from fraudstream.alerting.parking import Parking
from fraudstream.alerting.relay import Relay
from fraudstream.alerting.trigger import Trigger, TriggerPolicy
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import ConfigurationError
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board, exported
from fraudstream.metrics.catalogue import NOTIFIED
from fraudstream.ports.delivery import FunctionInvoker
from fraudstream.service import serve, stop_on_signals
from fraudstream.settings import AlertingSettings, DatabaseSettings, KafkaSettings, LogSettings, sdk_environment

GROUP = "fraudstream-alert-lambda"
"""Consumer group of the trigger."""
IDLE = 0.5
"""Seconds a service waits for work before it looks again whether it shall stop."""
LONG_POLL = 2.0
"""Seconds the inbox waits at the queue."""


def relay() -> None:
    """Publish what is committed to the outbox, until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: database or broker did not answer for minutes.
    """
    logs.configure("alert-relay")
    stopping = stop_on_signals()
    outbox = PostgresOutbox(_database_url())
    producer = KafkaProducer(KafkaSettings.load(), linger_ms=0)
    most = AlertingSettings.load().alerts_per_hour
    breaker = None if most is None else Breaker(SystemClock(), most)
    worker = Relay(outbox, producer, breaker=breaker, stopping=stopping)
    with exported("alert-relay") as board, closing(outbox):
        shown = BacklogShown(PostgresOutboxBacklog(_database_url()), board, SystemClock())
        structlog.get_logger().info("alert relay ready", alerts_per_hour=most)
        _serve(lambda: shown.after(worker.run_once(IDLE)), stopping, board)


def trigger(function_folder: Path | None = None) -> None:
    """Feed the alert function from its topic, until SIGTERM or SIGINT.

    The function is the deployed one that the environment names; without a name it runs here.

    Args:
        function_folder: where `handler.py` is, if it runs here; by default the folder this project deploys.

    Raises:
        ConfigurationError: a setting or the function is missing.
        TemporarilyUnavailable: the broker, what runs the function or what it depends on did not answer for minutes.
    """
    logs.configure("lambda-trigger")
    stopping = stop_on_signals()
    kafka = KafkaSettings.load()
    alerting = AlertingSettings.load()
    invoker = _invoker(alerting, function_folder or _deployed_folder())
    with (
        closing(invoker),
        closing(KafkaConsumer(kafka, ALERTS, group=GROUP)) as consumer,
        exported("lambda-trigger") as board,
    ):
        worker = Trigger(
            consumer,
            invoker,
            Parking(KafkaProducer(kafka), board=board),
            EventSource(kafka.kafka_bootstrap_servers),
            clock=SystemClock(),
            policy=TriggerPolicy.outlasting(alerting.lambda_timeout_seconds),
            stopping=stopping,
            board=board,
        )
        structlog.get_logger().info("lambda trigger ready", topic=ALERTS)
        _serve(lambda: worker.run_once(IDLE), stopping, board)


def inbox() -> None:
    """Record the notifications that reach the subscriber, until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: queue or database did not answer, or there was no such queue, for minutes.
    """
    logs.configure("notification-inbox")
    stopping = stop_on_signals()
    alerts = PostgresAlerts(_database_url(), application="fraudstream inbox")
    queue = SqsQueue(_required(AlertingSettings.load().notifications_queue_url, "NOTIFICATIONS_QUEUE_URL"))
    worker = Inbox(queue, alerts)
    with exported("notification-inbox") as board, closing(alerts):
        structlog.get_logger().info("notification inbox ready")
        _serve(lambda: board.count(NOTIFIED, worker.run_once(LONG_POLL)), stopping, board)


def show_alerts(*, follow: bool = False, last: int = 10) -> None:
    """Print the newest alerts with their reasons; with `follow`, go on with new ones until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: the database did not answer.
    """
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    feed = PostgresAlerts(_database_url(), application="fraudstream alerts")
    try:
        shown = (
            follow_alerts(feed, last=last, clock=SystemClock(), stopping=stop_on_signals())
            if follow
            else feed.latest(last)
        )
        for alert in shown:
            for line in alert_lines(alert):
                console.print(line)
    finally:
        feed.close()


def hold_lines() -> Sequence[str]:
    """What the breaker holds and what it has let through in this hour, for people.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: the database did not answer.
    """
    return status_lines(
        PostgresHeldAlerts(_database_url()).status(window_of(SystemClock().now())),
        AlertingSettings.load().alerts_per_hour,
    )


def release(alert_id: uuid.UUID | None) -> int:
    """Let one held alert go, with its customer's before it, or all; returns how many that were.

    Raises:
        ConfigurationError: a setting is missing, or the database role may not do this.
        TemporarilyUnavailable: the database did not answer.
    """
    return PostgresHeldAlerts(_database_url()).release(alert_id)


def _serve(step: Callable[[], object], stopping: Callable[[], bool], board: Board) -> None:
    serve(step, stopping=stopping, clock=SystemClock(), heartbeat=Heartbeat.load(), board=board)


def _invoker(settings: AlertingSettings, folder: Path) -> FunctionInvoker:
    if settings.alert_function_name is not None:
        return LambdaInvoker(settings.alert_function_name, timeout=settings.lambda_timeout_seconds)
    invoker = RuntimeApiInvoker(_function(settings, folder))
    invoker.start()
    return invoker


def _function(settings: AlertingSettings, folder: Path) -> FunctionCode:
    if not (folder / "handler.py").is_file():
        raise ConfigurationError(f"there is no handler.py in {folder}; name the folder of the alert function")
    return FunctionCode(
        handler="handler.handler",
        task_root=folder.resolve(),
        environment={
            "POWERTOOLS_SERVICE_NAME": "alert-lambda",
            "POWERTOOLS_LOG_LEVEL": LogSettings.load().log_level,
            **sdk_environment(),
            "ALERTS_TOPIC_ARN": _required(settings.alerts_topic_arn, "ALERTS_TOPIC_ARN"),
            "IDEMPOTENCY_TABLE": settings.idempotency_table,
        },
        timeout=settings.lambda_timeout_seconds,
    )


def _deployed_folder() -> Path:
    """`services/alert_lambda` of the checkout, or its copy inside an installed package."""
    package = Path(fraudstream.__file__).parent
    inside = package / "alerting" / "function"
    return inside if inside.is_dir() else package.parents[1] / "services" / "alert_lambda"


def _database_url() -> str:
    return DatabaseSettings.load().database_url.get_secret_value()


def _required(value: str | None, name: str) -> str:
    if value is None:
        raise ConfigurationError(f"{name} is not set. .env.example explains it; `make demo` sets it by itself.")
    return value
