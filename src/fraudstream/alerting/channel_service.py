"""The channels of alerts as a process: one thread and one consumer group for each, so that none waits for another."""

import contextlib
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

import structlog

from fraudstream import logs
from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.delivery_book import PostgresDeliveryBook
from fraudstream.adapters.kafka import KafkaConsumer
from fraudstream.adapters.mail import EmailNotifier, MailServer
from fraudstream.adapters.webhook import WebhookNotifier
from fraudstream.alerting.channels import Channel, ChannelWorker
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import ConfigurationError
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board, exported
from fraudstream.ports.delivery import DeliveryBook, Notifier
from fraudstream.service import serve, stop_on_signals
from fraudstream.settings import AlertingSettings, ChannelSettings, DatabaseSettings, KafkaSettings

T = TypeVar("T")
GROUP = "fraudstream-channel"
"""Beginning of the consumer groups' names."""
IDLE = 0.5
"""Seconds a channel waits for alerts before it looks again whether it shall stop."""


def notify() -> None:
    """Deliver alerts on every channel that `ALERT_CHANNELS` names, until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: no channel, a setting is missing, or a channel does not let us in.
        TemporarilyUnavailable: a channel, the broker or the database did not answer for minutes.
    """
    logs.configure("alert-channels")
    settings = ChannelSettings.load()
    if not settings.channels:
        raise ConfigurationError("ALERT_CHANNELS is not set: name webhook, email, or both. .env.example explains them.")
    channels = [Channel(name, notifier_of(name, settings), settings.channel_attempts) for name in settings.channels]
    kafka, asked = KafkaSettings.load(), stop_on_signals()
    url = DatabaseSettings.load().database_url.get_secret_value()
    ended = Event()
    with (
        contextlib.closing(ConnectionPool(url, application="fraudstream channels", size=len(channels))) as pool,
        ThreadPoolExecutor(len(channels)) as threads,
        exported("alert-channels") as board,
    ):
        book = PostgresDeliveryBook(pool)
        working = [
            threads.submit(_serve, channel, kafka, book, lambda: asked() or ended.is_set(), board)
            for channel in channels
        ]
        structlog.get_logger().info("alert channels ready", channels=settings.channels)
        try:
            done, _ = wait(working, return_when=FIRST_COMPLETED)
        finally:
            ended.set()  # one that can't go on ends all, and whoever supervises the process sees it
    for each in done:
        each.result()


def notifier_of(name: str, settings: ChannelSettings) -> Notifier:
    """The notifier of a channel.

    Raises:
        ConfigurationError: a setting of it is missing or impossible.
    """
    if name == "webhook":
        secret = _required(settings.webhook_secret, "WEBHOOK_SECRET").get_secret_value().encode()
        return WebhookNotifier(_required(settings.webhook_url, "WEBHOOK_URL"), secret, settings.channel_timeout_seconds)
    if name == "sns":
        return SnsNotifier(_required(AlertingSettings.load().alerts_topic_arn, "ALERTS_TOPIC_ARN"))
    password = settings.smtp_password
    server = MailServer(
        _required(settings.smtp_host, "SMTP_HOST"),
        settings.smtp_port,
        settings.smtp_user,
        "" if password is None else password.get_secret_value(),
        settings.smtp_ca_file,
        settings.channel_timeout_seconds,
    )
    recipients = [address.strip() for address in _required(settings.mail_to, "MAIL_TO").split(",") if address.strip()]
    return EmailNotifier(server, _required(settings.mail_from, "MAIL_FROM"), recipients)


def _serve(
    channel: Channel, kafka: KafkaSettings, book: DeliveryBook, stopping: Callable[[], bool], board: Board
) -> None:
    """The board shows what each channel does; failures in a row would be those of whichever came last."""
    with contextlib.closing(KafkaConsumer(kafka, ALERTS, group=f"{GROUP}-{channel.name}")) as consumer:
        worker = ChannelWorker(channel, consumer, book, stopping, board)
        serve(lambda: worker.run_once(IDLE), stopping=stopping, clock=SystemClock(), heartbeat=Heartbeat.load())


def _required(value: T | None, name: str) -> T:
    if value is None:
        raise ConfigurationError(
            f"{name} is not set, and a channel of ALERT_CHANNELS needs it. .env.example explains it."
        )
    return value
