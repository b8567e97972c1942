"""One warm process for the tests of a file."""

from collections.abc import Iterator

import pytest
from tests.integration.failpoints.warm import Runner, warm_runner
from tests.servers.databases import Databases


@pytest.fixture(scope="module")
def runner(databases: Databases, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with warm_runner(databases, migrated_template, tmp_path_factory.mktemp("failpoints")) as running:
        yield running
