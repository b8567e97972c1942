"""The services as they are started: ready with an environment alone, ended by SIGTERM."""

import os
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.alerting.world import PATIENCE, AlertWorld, ids
from tests.integration.scraping import a_free_port, scraped

from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS

pytestmark = pytest.mark.integration

SERVICES = Path(__file__).parents[3] / "services"
NAMES = ("alert_relay", "lambda_trigger", "notification_inbox")
SAMPLES = 15
LATENCY = "SELECT extract(epoch FROM received_at)::float8 FROM notifications WHERE alert_id = '{}'"


@pytest.fixture
def ports() -> dict[str, int]:
    """Where each service tells its metrics."""
    return {name: a_free_port() for name in NAMES}


@pytest.fixture
def running(world: AlertWorld, ports: dict[str, int]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The three services on the topic that they are made for."""
    KafkaAdmin(world.kafka).ensure_topics({ALERTS: 1, FAILED_ALERTS: 1}, 1)
    world.topic = ALERTS
    environment = {
        **{name: value for name, value in os.environ.items() if name.startswith("AWS_")},
        **world.resources.environment(),
        "DATABASE_URL": world.database_url,
        "KAFKA_BOOTSTRAP_SERVERS": world.kafka.kafka_bootstrap_servers,
    }
    started = {
        name: subprocess.Popen(
            [sys.executable, str(SERVICES / name / "main.py")], env={**environment, "METRICS_PORT": str(ports[name])}
        )
        for name in NAMES
    }
    yield started
    for process in started.values():
        process.kill()
        process.wait()


def latency(world: AlertWorld, number: int) -> float:
    """Seconds from the commit of an alert until the inbox recorded its notification."""
    world.commit_alerts(number)
    committed = time.time()
    (alert_id,) = ids(number)
    deadline = time.monotonic() + PATIENCE
    while not (rows := world.query(LATENCY.format(alert_id))):
        assert time.monotonic() < deadline, "the alert was not notified"
    return float(str(rows[0][0])) - committed


def test_an_alert_is_notified_within_moments_and_sigterm_ends_every_service(
    world: AlertWorld,
    running: dict[str, subprocess.Popen[bytes]],
    ports: dict[str, int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = uuid.uuid4().int >> 64  # the topic is shared: ids that no earlier test used
    latency(world, first)
    samples = [latency(world, first + number) for number in range(1, SAMPLES + 1)]

    with capsys.disabled():
        print(  # noqa: T201
            f"\nalert committed to notified: p50 {statistics.median(samples) * 1_000:.0f} ms, "
            f"slowest of {SAMPLES} {max(samples) * 1_000:.0f} ms"
        )
    assert statistics.median(samples) < 5.0
    all_told = 1 + SAMPLES
    relay = scraped(ports["alert_relay"], "fraudstream_relay_published_total", lambda value: value == all_told)
    assert relay["fraudstream_relay_unsent_messages"] <= 1
    assert relay["fraudstream_relay_breaker_open"] == 0
    trigger = scraped(ports["lambda_trigger"], "fraudstream_trigger_records_total", lambda value: value >= all_told)
    assert trigger["fraudstream_trigger_records_in_hand"] == 0
    scraped(ports["notification_inbox"], "fraudstream_inbox_notifications_total", lambda value: value >= all_told)
    for process in running.values():
        process.send_signal(signal.SIGTERM)
    assert {name: process.wait(20) for name, process in running.items()} == dict.fromkeys(NAMES, 0)


@pytest.mark.parametrize(
    ("service", "missing"),
    [
        ("alert_relay", "DATABASE_URL"),
        ("lambda_trigger", "KAFKA_BOOTSTRAP_SERVERS"),
        ("lambda_trigger", "ALERTS_TOPIC_ARN"),
        ("notification_inbox", "NOTIFICATIONS_QUEUE_URL"),
    ],
)
def test_a_service_names_the_variable_it_misses(service: str, missing: str) -> None:
    environment = {
        "AWS_REGION": "us-east-1",
        "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
        "NOTIFICATIONS_QUEUE_URL": "http://127.0.0.1:1/queue",
        "DATABASE_URL": "postgresql+psycopg2://nobody:x@127.0.0.1:1/none",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }
    del environment[missing]

    ended = subprocess.run(
        [sys.executable, str(SERVICES / service / "main.py")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )

    assert ended.returncode != 0
    assert f"{missing} is not set" in ended.stderr
