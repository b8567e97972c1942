"""A stream for each test."""

from collections.abc import Callable, Iterator

import pytest
from tests.integration.analyst.stream import LabelledStream, labelled_stream

from fraudstream.settings import KafkaSettings


@pytest.fixture
def stream(
    kafka_settings: KafkaSettings,
    database_url: str,
    unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LabelledStream]:
    """A stream of this test's own, which the environment names."""
    with labelled_stream(kafka_settings, database_url, unique_name, monkeypatch) as made:
        yield made
