"""What PostgreSQL refuses for a time, and what whoever runs it can do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class

from fraudstream.errors import ConfigurationError, TemporarilyUnavailable

FOR_A_TIME = (psycopg2.OperationalError, psycopg2.InterfaceError, errors.ReadOnlySqlTransaction)
"""Errors after which the same work may be tried again, best on a new connection."""
READ_ONLY = (
    "PostgreSQL takes no writes, it is read-only: point DATABASE_URL at the writer if this is a replica, else look for "
    "default_transaction_read_only on the server, the database and the role; work goes on by itself afterwards"
)
NO_SPACE = (
    "PostgreSQL has no disk space left: give it more, or remove what isn't needed from its disk (never from its data "
    "folder); what was committed is safe, and work goes on by itself afterwards"
)


def unavailable(trouble: str, error: psycopg2.Error) -> TemporarilyUnavailable:
    """What to raise from an error that passes: `trouble` with the server's words, or what to do where that is known."""
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return TemporarilyUnavailable(READ_ONLY)
    if isinstance(error, errors.DiskFull):
        return TemporarilyUnavailable(f"{NO_SPACE} ({error.diag.message_primary})")
    return TemporarilyUnavailable(f"{trouble}: {error}")


_WHOSE = "SELECT source FROM pg_settings WHERE name = 'default_transaction_read_only'"


def is_the_roles(error: psycopg2.Error, connection: Connection | None) -> bool:
    """Whether a service was refused for its role, which lacks a right or may only read, and not for a time.

    A database that is read-only as a whole takes writes again some day; `connection` is the one that was refused.
    """
    if isinstance(error, errors.InsufficientPrivilege):
        return True
    if connection is None or not isinstance(error, errors.ReadOnlySqlTransaction):
        return False
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(_WHOSE)
            (source,) = cursor.fetchone() or ("",)
    except psycopg2.Error:
        return False
    return source in ("user", "database user")


@contextmanager
def refusals_told(*, forbidden: str, trouble: str) -> Iterator[None]:
    """Tell what PostgreSQL refuses in the project's errors, around the work of a command.

    Args:
        forbidden: what the database role may not do, and which one may.
        trouble: what did not answer.

    Raises:
        ConfigurationError: the role has no right to this, or may only read.
        TemporarilyUnavailable: anything that passes.
    """
    try:
        yield
    except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction) as error:
        raise ConfigurationError(f"{forbidden} ({error.diag.message_primary})") from error
    except FOR_A_TIME as error:
        raise unavailable(trouble, error) from error
