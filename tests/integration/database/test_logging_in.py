"""Passwords come with the URL or from libpq's file; a refused one stops a process and says what to do."""

import contextlib
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from tests.integration.database.role_world import PASSWORDS, RoleWorld

from fraudstream.adapters.database.migrate import upgrade
from fraudstream.adapters.database.roles import Role, grant_privileges
from fraudstream.adapters.database.sessions import connect, engine
from fraudstream.errors import ConfigurationError
from fraudstream.settings import DatabaseSettings

pytestmark = pytest.mark.integration

REFUSED = (
    r"PostgreSQL at \S+:\d+ refuses the password of fraudstream_migrate: the password and the database's volume are "
    r"not of the same age; correct DATABASE_URL, or the file PGPASSFILE names .*; with docker compose, `make reset` "
    r"begins anew and deletes all data"
)


@pytest.fixture
def bare_url(granted: RoleWorld, monkeypatch: pytest.MonkeyPatch) -> str:
    """A URL without a password, where nothing else gives one."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    url = make_url(granted.url(Role.MIGRATE))
    bare = URL.create(url.drivername, url.username, host=url.host, port=url.port, database=url.database)
    return bare.render_as_string()


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    escaped = PASSWORDS[Role.MIGRATE].replace("\\", "\\\\").replace(":", "\\:")
    path = tmp_path / "passwords"
    path.touch(mode=0o600)
    path.write_text(f"*:*:*:{Role.MIGRATE}:{escaped}\n")
    return path


def test_a_password_comes_from_the_file(bare_url: str, password_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", str(password_file))
    connect(bare_url, application="test").close()
    upgrade(bare_url)
    grant_privileges(bare_url)
    opened = engine(DatabaseSettings(database_url=SecretStr(bare_url)), application="test")
    with contextlib.closing(opened.connect()) as connection:
        user = connection.scalar(text("SELECT current_user"))
    opened.dispose()

    assert user == Role.MIGRATE


def test_a_wrong_password_is_no_temporary_problem(granted: RoleWorld) -> None:
    url = granted.url(Role.MIGRATE, password="s3cret-and-wrong")

    for attempt in (lambda: connect(url, application="test"), lambda: upgrade(url), lambda: grant_privileges(url)):
        with pytest.raises(ConfigurationError, match=REFUSED) as raised:
            attempt()
        assert "s3cret" not in f"{raised.value} {raised.value.__cause__}"


def test_a_missing_password_is_the_same(bare_url: str) -> None:
    for attempt in (lambda: connect(bare_url, application="test"), lambda: upgrade(bare_url)):
        with pytest.raises(ConfigurationError, match=REFUSED):
            attempt()


def test_a_file_that_others_may_read_counts_as_missing(
    bare_url: str, password_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password_file.chmod(0o644)
    monkeypatch.setenv("PGPASSFILE", str(password_file))

    with pytest.raises(ConfigurationError, match="one that others may read is ignored"):
        connect(bare_url, application="test")
