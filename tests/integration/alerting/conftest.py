"""One alert path for each test."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import pytest
from tests.integration.alerting.world import AlertWorld

from fraudstream.settings import KafkaSettings


@pytest.fixture
def make_world(
    kafka_settings: KafkaSettings,
    database_url: str,
    aws_environment: Mapping[str, str],
    unique_name: Callable[[str], str],
) -> Iterator[Callable[..., AlertWorld]]:
    """Makes alert paths, and takes them down."""
    assert aws_environment
    made: list[AlertWorld] = []

    def make(*, timeout: float = 20.0, environment: Mapping[str, str] | None = None) -> AlertWorld:
        made.append(AlertWorld(kafka_settings, database_url, unique_name, timeout=timeout, environment=environment))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., AlertWorld]) -> Iterator[AlertWorld]:
    """An alert path."""
    with closing(make_world()) as made:
        yield made
