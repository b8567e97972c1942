"""Spark, and a topic with its database for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from tests.integration.scoring.stream import ScoredTopic
from tests.spark.running import running_session

from fraudstream.scoring.session import stop_session
from fraudstream.settings import KafkaSettings


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local session with the scorer's configuration; every test of a run shares it."""
    session = running_session()
    yield session
    stop_session(session)


@pytest.fixture
def scored_topic(
    spark: SparkSession, kafka_settings: KafkaSettings, database_url: str, topic: str, tmp_path: Path
) -> Iterator[ScoredTopic]:
    """A topic of this test's own with two partitions, a database of its own, and a model at work."""
    made = ScoredTopic(spark, kafka_settings, database_url, topic, tmp_path)
    yield made
    made.stop()
