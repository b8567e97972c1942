"""One stream with its archive for each test."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

import pytest
from tests.integration.archive.stream import ArchivedStream

from fraudstream.settings import KafkaSettings


@pytest.fixture
def stream(
    kafka_settings: KafkaSettings,
    database_url: str,
    aws_environment: Mapping[str, str],
    unique_name: Callable[[str], str],
) -> Iterator[ArchivedStream]:
    """A topic, a database and a bucket of a test's own."""
    assert aws_environment
    with contextlib.ExitStack() as resources:
        yield ArchivedStream(kafka_settings, database_url, unique_name, resources)
