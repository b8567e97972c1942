"""How processes reach the database: a psycopg2 connection from a SQLAlchemy URL, bounded in every direction."""

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from sqlalchemy.engine import Engine, create_engine, make_url

from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.settings import DatabaseSettings

CONNECT_TIMEOUT = 10
"""Seconds one attempt to connect may take."""


def connect(url: str, *, application: str) -> Connection:
    """Open one connection; the caller owns its transactions.

    Args:
        url: a SQLAlchemy URL such as `postgresql+psycopg2://user:password@host:5432/database`.
        application: name shown in `pg_stat_activity`.

    Raises:
        TemporarilyUnavailable: the server did not answer or refused.
        ConfigurationError: the URL names another kind of database.
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
        raise TemporarilyUnavailable(f"PostgreSQL at {place} did not accept the connection: {error}") from error


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
