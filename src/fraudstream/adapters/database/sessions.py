"""How processes reach the database: a psycopg2 connection from a SQLAlchemy URL, bounded in every direction."""

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from sqlalchemy.engine import URL, Engine, create_engine, make_url

from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.settings import DatabaseSettings

CONNECT_TIMEOUT = 10
"""Seconds one attempt to connect may take."""
REFUSED_PASSWORD = ("password authentication failed", "no password supplied")
REFUSED_DATABASE = "permission denied for database"
"""What server and libpq say; a connection that failed has no error code."""


def connect(url: str, *, application: str) -> Connection:
    """Open one connection; the caller owns its transactions.

    Args:
        url: a SQLAlchemy URL such as `postgresql+psycopg2://user:password@host:5432/database`; without a password,
            libpq looks into the file that `PGPASSFILE` names.
        application: name shown in `pg_stat_activity`.

    Raises:
        TemporarilyUnavailable: the server did not answer or refused.
        ConfigurationError: the URL names another kind of database, a wrong password, or a database that its role
            may not use.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise ConfigurationError(f"DATABASE_URL must name a PostgreSQL database, not {parsed.get_backend_name()}")
    try:
        return psycopg2.connect(
            parsed.set(drivername="postgresql").render_as_string(hide_password=False),
            application_name=application,
            connect_timeout=CONNECT_TIMEOUT,
            options="-c timezone=UTC",
            keepalives_idle=30,
        )
    except psycopg2.OperationalError as error:
        place = f"{parsed.host}:{parsed.port or 5432}/{parsed.database}"
        raise refusal(parsed, error) or TemporarilyUnavailable(
            f"PostgreSQL at {place} did not accept the connection: {error}"
        ) from error


def refusal(url: URL, error: BaseException | None) -> ConfigurationError | None:
    """What to raise if a connection failed with `error` for a reason that trying again won't change."""
    place, said = f"{url.host}:{url.port or 5432}", str(error)
    if any(words in said for words in REFUSED_PASSWORD):
        return ConfigurationError(
            f"PostgreSQL at {place} refuses the password of {url.username}: the password and the database's volume "
            "are not of the same age; correct DATABASE_URL, or the file PGPASSFILE names (one that others may read "
            "is ignored); with docker compose, `make reset` begins anew and deletes all data"
        )
    if REFUSED_DATABASE in said:
        return ConfigurationError(
            f"PostgreSQL at {place} does not let {url.username} into the database {url.database}: "
            "DATABASE_URL must name a role and the database that is made for it"
        )
    return None


def engine(settings: DatabaseSettings, *, application: str) -> Engine:
    """A SQLAlchemy engine for the same database, for work that is not on the hot path."""
    return create_engine(
        settings.database_url.get_secret_value(),
        pool_pre_ping=True,
        pool_size=2,
        max_overflow=3,
        connect_args={
            "application_name": application,
            "connect_timeout": CONNECT_TIMEOUT,
            "options": "-c timezone=UTC",
        },
    )
