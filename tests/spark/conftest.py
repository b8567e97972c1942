"""Spark for the tests in this folder."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession
from tests.spark.running import running_session

from fraudstream.scoring.session import stop_session


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local session with the scorer's configuration; every test of a run shares it."""
    session = running_session()
    yield session
    stop_session(session)
