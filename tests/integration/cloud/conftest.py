"""Servers that let in whom they know, started once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers.certificates import Authority
from tests.servers.secured_database import SecuredDatabase


@pytest.fixture
def other_authority(tmp_path: Path) -> Path:
    """The certificate of an authority that signed nothing here."""
    return Authority(tmp_path, "other").file


@pytest.fixture(scope="session")
def secured_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredDatabase]:
    database = SecuredDatabase(tmp_path_factory.mktemp("secured-database"))
    try:
        database.start()
        yield database
    finally:
        database.stop()
