"""A pool answers after whatever has ended its sessions."""

import contextlib

import psycopg2
import pytest
from psycopg2.extensions import make_dsn
from sqlalchemy import make_url

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.errors import TemporarilyUnavailable

pytestmark = pytest.mark.integration

PATIENCE_MS = 5_000


def end_sessions(url: str, application: str) -> int:
    """End every session of that name, and wait until they are gone; returns how many there were."""
    parts = make_url(url)
    dsn = make_dsn(
        host=parts.host, port=parts.port, user=parts.username, password=parts.password, dbname=parts.database
    )
    with contextlib.closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE application_name = %s",
            (PATIENCE_MS, application),
        )
        return sum(ended for (ended,) in cursor)


def backend(pool: ConnectionPool, *, snapshot: bool = False) -> int:
    with pool.transaction(snapshot=snapshot) as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])  # type: ignore[index]


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_session_that_ended_while_nobody_used_it_costs_no_question(database_url: str, *, snapshot: bool) -> None:
    with contextlib.closing(ConnectionPool(database_url, application="pool under test")) as pool:
        first = backend(pool)
        assert backend(pool) == first
        assert end_sessions(database_url, "pool under test") == 1

        assert backend(pool, snapshot=snapshot) != first


def test_a_session_that_ends_in_the_midst_is_told_and_thrown_away(database_url: str) -> None:
    with contextlib.closing(ConnectionPool(database_url, application="pool under test", size=1)) as pool:
        with pytest.raises(TemporarilyUnavailable), pool.transaction() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        assert backend(pool) > 0
