"""A database in which a small log was scored, labelled and notified about."""

import contextlib
from collections.abc import Iterator

import pytest
from tests.integration.verify.postgres_stack import PostgresStack, fill


@pytest.fixture
def stack(database_url: str) -> Iterator[PostgresStack]:
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(database_url, resources)
        fill(stack)
        yield stack
