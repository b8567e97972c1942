"""A token in place of the password, over TLS that is verified, on a real server."""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.servers.secured_database import SecuredDatabase

from fraudstream.adapters.aws.rds_tokens import database_token
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect, engine, single_use_engine
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.provisioning.database import provision_database
from fraudstream.settings import DatabaseAuth, DatabaseSettings

pytestmark = pytest.mark.integration
HOST = "127.0.0.1"
USER = "by_iam"
NOON = dt.datetime(2026, 11, 1, 12, 0, tzinfo=dt.UTC)


class SigningClock:
    """What time the signer takes it to be."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self, *, remove_tzinfo: bool = True) -> dt.datetime:
        return self.now.replace(tzinfo=None) if remove_tzinfo else self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SigningClock:
    """The signer's clock stands still, and its identity is this test's own."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clock = SigningClock()
    monkeypatch.setattr("botocore.auth.get_current_datetime", clock)
    return clock


@pytest.fixture
def settings(secured_database: SecuredDatabase) -> Iterator[DatabaseSettings]:
    """Of a role that logs in with whatever its password is made to be."""
    secured_database.run(f"CREATE ROLE {USER} LOGIN")
    yield by_iam(secured_database, secured_database.authority.file)
    secured_database.run(f"DROP ROLE {USER}")


def by_iam(database: SecuredDatabase, ca_file: Path, **place: object) -> DatabaseSettings:
    url = database.url(USER, **place)  # type: ignore[arg-type]
    return DatabaseSettings(database_url=url, database_auth=DatabaseAuth.IAM, database_ca_file=ca_file)  # type: ignore[arg-type]


def take_the_token_of_now(database: SecuredDatabase) -> str:
    """The server lets the role in with the token that would be signed now, and with no other."""
    token = database_token(HOST, database.port, USER)
    database.run(f"ALTER ROLE {USER} PASSWORD '{token}'")
    return token


def test_each_connection_gets_a_token_of_its_own_time(
    secured_database: SecuredDatabase, settings: DatabaseSettings, clock: SigningClock
) -> None:
    url = settings.database_url.get_secret_value()
    pool = engine(settings, application="test")
    one = single_use_engine(url, application="test")
    tokens = []
    for minutes in (0, 20):
        clock.now = NOON + dt.timedelta(minutes=minutes)
        tokens.append(take_the_token_of_now(secured_database))
        pool.dispose()
        with closing(connect(url, application="test")) as raw, raw.cursor() as cursor:
            cursor.execute("SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            assert cursor.fetchone() == (USER, True)
        for made in (pool, one):
            with made.connect() as connection:
                assert connection.execute(text("SELECT current_user")).scalar_one() == USER

    assert "X-Amz-Expires=900" in tokens[0]
    assert tokens[0] != tokens[1]
    pool.dispose()


def test_a_token_that_is_not_taken_is_told_with_principal_and_next_step(
    secured_database: SecuredDatabase, settings: DatabaseSettings, clock: SigningClock
) -> None:
    take_the_token_of_now(secured_database)
    clock.now += dt.timedelta(minutes=20)

    with pytest.raises(ConfigurationError, match=rf"refuses the token of {USER}: .*rds_iam.*rds-db:connect"):
        connect(settings.database_url.get_secret_value(), application="test")


@pytest.mark.usefixtures("clock")
def test_a_server_that_another_authority_vouches_for_gets_no_token(
    secured_database: SecuredDatabase, other_authority: Path
) -> None:
    url = by_iam(secured_database, other_authority).database_url.get_secret_value()

    with pytest.raises(ConfigurationError, match=r"does not prove to be that server: .*DATABASE_CA_FILE"):
        connect(url, application="test")


@pytest.mark.usefixtures("clock")
def test_a_certificate_for_another_name_is_refused(secured_database: SecuredDatabase) -> None:
    """It is made out to the address alone."""
    url = by_iam(secured_database, secured_database.authority.file, host="localhost").database_url

    with pytest.raises(ConfigurationError, match=r"does not prove to be that server: .*localhost.*DATABASE_URL"):
        connect(url.get_secret_value(), application="test")


def test_a_standby_is_refused(secured_database: SecuredDatabase) -> None:
    url = secured_database.url("postgres", secured_database.administrator_password, standby=True)

    with pytest.raises(TemporarilyUnavailable, match=r"takes no writes.* point DATABASE_URL at the writer"):
        connect(url, application="test")


def test_without_credentials_nothing_is_opened(
    settings: DatabaseSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from fraudstream.adapters.aws import rds_tokens  # noqa: PLC0415 - its cache is emptied

    rds_tokens._signer.cache_clear()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))

    with pytest.raises(ConfigurationError, match=re.escape(f"signing a token for {USER} at {HOST}:")):
        connect(settings.database_url.get_secret_value(), application="test")
    rds_tokens._signer.cache_clear()


def test_roles_are_provisioned_without_passwords_and_may_log_in_by_iam(
    secured_database: SecuredDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator = secured_database.url("postgres", secured_database.administrator_password)
    for name, value in {
        "DATABASE_AUTH": "iam",
        "DATABASE_CA_FILE": str(secured_database.authority.file),
        "DATABASE_ADMIN_URL": administrator,
    }.items():
        monkeypatch.setenv(name, value)
    steps = provision_database()

    with pytest.raises(ConfigurationError, match="the server has no role rds_iam: turn IAM authentication on"):
        next(steps)

    secured_database.run("CREATE ROLE rds_iam")
    assert next(provision_database()).startswith("roles: ")
    with closing(connect(administrator, application="test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_auth_members WHERE roleid = 'rds_iam'::regrole")
        assert cursor.fetchone() == (len(Role),)
