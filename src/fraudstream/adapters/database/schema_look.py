"""What a database says of itself: whom it takes us for, which migration it is at, what time it has."""

import time
from contextlib import closing
from dataclasses import dataclass

import psycopg2

from fraudstream.adapters.database.migrate import newest_revision
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable

_WHO = """
SELECT current_user::text, current_setting('server_version'), extract(epoch FROM clock_timestamp())::float8,
       to_regclass('alembic_version') IS NOT NULL,
       to_regclass('alembic_version') IS NOT NULL AND has_table_privilege('alembic_version', 'SELECT')
"""
_REVISION = "SELECT version_num FROM alembic_version"


@dataclass(frozen=True)
class SchemaStanding:
    """One database as it was found."""

    role: str
    server_version: str
    migrated: bool
    """Whether any migration has been applied."""
    revision: str | None
    """The newest migration applied; `None` without one, or where the role may not look."""
    newest: str
    """The newest migration that this version of fraudstream has."""
    clock_ahead: float
    """Seconds by which the server's clock is ahead of ours, to within the time that the question took."""


def look_at_schema(url: str) -> SchemaStanding:
    """Log in and look; changes nothing.

    Raises:
        TemporarilyUnavailable: the server did not answer.
        ConfigurationError: as `connect`, or no migrations are installed.
    """
    revision = None
    try:
        with closing(connect(url, application="fraudstream doctor")) as connection, connection.cursor() as cursor:
            asked = time.time()
            cursor.execute(_WHO)
            answered = time.time()
            role, version, clock, migrated, readable = cursor.fetchone() or ("", "", answered, False, False)
            if readable:
                cursor.execute(_REVISION)
                revision = str((cursor.fetchone() or (None,))[0])
    except psycopg2.Error as error:
        raise TemporarilyUnavailable(f"the database did not say what it is: {error}") from error
    ahead = min(clock - asked, 0.0) + max(clock - answered, 0.0)
    return SchemaStanding(role, version, bool(migrated), revision, newest_revision(), ahead)
