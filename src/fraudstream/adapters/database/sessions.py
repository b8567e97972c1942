"""How processes reach the database: a psycopg2 connection from a SQLAlchemy URL, bounded in every direction."""

from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from fraudstream.adapters.database.refusals import READ_ONLY
from fraudstream.connections import IAM_MARK
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.settings import DatabaseSettings

CONNECT_TIMEOUT = 10
"""Seconds one attempt to connect may take."""
REFUSED_PASSWORD = ("password authentication failed", "no password supplied", "PAM authentication failed")
REFUSED_DATABASE = "permission denied for database"
REFUSED_CERTIFICATE = (
    "certificate verify failed",
    "does not match host name",
    "root certificate",
    "server does not support SSL",
)
STANDBY = "server is in hot standby mode"
"""What server and libpq say; a connection that failed has no error code."""
BOUNDS: dict[str, Any] = {
    "connect_timeout": CONNECT_TIMEOUT,
    "options": "-c timezone=UTC",
    "target_session_attrs": "primary",
}
"""Of every connection. A standby is refused: what a process reads, it reads where it is written."""


def connect(url: str, *, application: str) -> Connection:
    """Open one connection; the caller owns its transactions.

    Args:
        url: a SQLAlchemy URL such as `postgresql+psycopg2://user:password@host:5432/database`; without a password,
            libpq looks into the file that `PGPASSFILE` names. One that `DatabaseSettings` marked for IAM gets a
            token, each time.
        application: name shown in `pg_stat_activity`.

    Raises:
        TemporarilyUnavailable: the server did not answer or refused, or is a standby.
        ConfigurationError: the URL names another kind of database, a wrong password, or a database that its role
            may not use; the server's certificate is not what it must be; no token could be signed.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise ConfigurationError(f"DATABASE_URL must name a PostgreSQL database, not {parsed.get_backend_name()}")
    login = parsed.set(password=_token(parsed)) if _by_iam(parsed) else parsed
    try:
        opened: Connection = psycopg2.connect(
            _unmarked(login).set(drivername="postgresql").render_as_string(hide_password=False),
            application_name=application,
            keepalives_idle=30,
            **BOUNDS,
        )
    except psycopg2.OperationalError as error:
        place = f"{parsed.host}:{parsed.port or 5432}/{parsed.database}"
        raise refusal(parsed, error) or TemporarilyUnavailable(
            f"PostgreSQL at {place} did not accept the connection: {error}"
        ) from error
    return opened


def refusal(url: URL, error: BaseException | None) -> ConfigurationError | TemporarilyUnavailable | None:
    """What to raise if a connection failed with `error` for a reason that trying again at once won't change."""
    place, said = f"{url.host}:{url.port or 5432}", str(error)
    if STANDBY in said:
        return TemporarilyUnavailable(f"{place}: {READ_ONLY}")
    if any(words in said for words in REFUSED_CERTIFICATE):
        return ConfigurationError(
            f"PostgreSQL at {place} does not prove to be that server: {said.strip()}. Look at DATABASE_CA_FILE, which "
            "must hold the authority of its certificate, and at the host in DATABASE_URL, which the certificate must "
            "be made out to"
        )
    if any(words in said for words in REFUSED_PASSWORD):
        return ConfigurationError(_refused_password(url, place))
    if REFUSED_DATABASE in said:
        return ConfigurationError(
            f"PostgreSQL at {place} does not let {url.username} into the database {url.database}: "
            "DATABASE_URL must name a role and the database that is made for it"
        )
    return None


def engine(settings: DatabaseSettings, *, application: str) -> Engine:
    """A SQLAlchemy engine for the same database, for work that is not on the hot path."""
    made = create_engine(
        _unmarked(make_url(settings.database_url.get_secret_value())),
        pool_pre_ping=True,
        pool_size=2,
        max_overflow=3,
        connect_args={"application_name": application, **BOUNDS},
    )
    return _with_tokens(made, settings.database_url.get_secret_value())


def single_use_engine(url: str, *, application: str) -> Engine:
    """The same without a pool, for a program that connects once."""
    made = create_engine(
        _unmarked(make_url(url)), poolclass=NullPool, connect_args={"application_name": application, **BOUNDS}
    )
    return _with_tokens(made, url)


def _with_tokens(made: Engine, url: str) -> Engine:
    parsed = make_url(url)
    if _by_iam(parsed):

        @event.listens_for(made, "do_connect")
        def _sign(_dialect: object, _record: object, _arguments: object, parameters: dict[str, object]) -> None:
            parameters["password"] = _token(parsed)

    return made


def _by_iam(url: URL) -> bool:
    return IAM_MARK in url.query


def _unmarked(url: URL) -> URL:
    return url.difference_update_query([IAM_MARK])


def _token(url: URL) -> str:
    from fraudstream.adapters.aws.rds_tokens import database_token  # noqa: PLC0415 - only where the database wants one

    return database_token(url.host or "", url.port or 5432, url.username or "")


def _refused_password(url: URL, place: str) -> str:
    if _by_iam(url):
        return (
            f"PostgreSQL at {place} refuses the token of {url.username}: the role needs rds_iam (`fraudstream "
            "provision database` grants it), the AWS identity of this process needs rds-db:connect for it "
            "(`fraudstream doctor --aws` names the identity), and AWS_DEFAULT_REGION must be the database's"
        )
    return (
        f"PostgreSQL at {place} refuses the password of {url.username}: the password and the database's volume "
        "are not of the same age; correct DATABASE_URL, or the file PGPASSFILE names (one that others may read "
        "is ignored); with docker compose, `make reset` begins anew and deletes all data"
    )
