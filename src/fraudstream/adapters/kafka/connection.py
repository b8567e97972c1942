"""What every client of a broker has in common: its configuration, and what it raises."""

import contextlib
from collections.abc import Iterator

from confluent_kafka import KafkaException

from fraudstream.errors import TemporarilyUnavailable
from fraudstream.settings import KafkaSettings

LOG_CRITICAL = 2
"""The syslog level of librdkafka's own lines on standard error: what fails is raised, not printed."""


def connection_options(settings: KafkaSettings) -> dict[str, str | int | float | bool]:
    """What every client of this broker is configured with."""
    return {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "socket.timeout.ms": 10_000,
        "log_level": LOG_CRITICAL,
    }


@contextlib.contextmanager
def unavailable_if_refused(trouble: str) -> Iterator[None]:
    """`TemporarilyUnavailable` with this trouble for whatever the client or the broker refuses."""
    try:
        yield
    except KafkaException as error:
        raise TemporarilyUnavailable(f"{trouble}: {error.args[0].str()}") from error
