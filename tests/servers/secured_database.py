"""A PostgreSQL server that talks over TLS alone, and a standby of it."""

import contextlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from tests.servers.certificates import Authority

from fraudstream.local.binaries import SERVER, unpack_postgres
from fraudstream.local.identity import unprivileged
from fraudstream.local.jars import JarCache, postgres_set
from fraudstream.local.ports import LOOPBACK, reserve
from fraudstream.local.postgres import ADMINISTRATOR, START_TIMEOUT, PostgresServer
from fraudstream.local.processes import Supervisor
from fraudstream.settings import LocalSettings

ONLY_TLS = "hostssl all all 127.0.0.1/32 password\n"
"""As RDS takes tokens: as clear text within the encrypted connection."""
SSL = "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\n"


class SecuredDatabase:
    """One server for tests; `url` gives addresses in it.

    Args:
        home: folder of what it stores.
        key_and_certificate: files that it shows; of an authority of its own if `None`.
        access: the lines of its pg_hba.conf.
    """

    def __init__(
        self, home: Path, *, key_and_certificate: tuple[Path, Path] | None = None, access: str = ONLY_TLS
    ) -> None:
        self.authority = Authority(home)
        self._shown = key_and_certificate
        self._access = access
        self._home = home
        self._supervisor = Supervisor(home, dict(os.environ))
        cache = JarCache.of(LocalSettings.load())
        binaries = unpack_postgres(cache.ensure(postgres_set())[0], cache.root)
        self._ports = reserve(home, ("primary", "standby"))
        self._primary = PostgresServer(
            home / "primary", binaries, unprivileged(binaries / SERVER), self._ports["primary"]
        )

    @property
    def port(self) -> int:
        """Where the server that takes writes listens."""
        return self._ports["primary"]

    def url(self, user: str, password: str | None = None, *, standby: bool = False, host: str = LOOPBACK) -> str:
        """SQLAlchemy URL for one role."""
        login = user if password is None else f"{user}:{password}"
        return f"postgresql+psycopg2://{login}@{host}:{self._ports['standby' if standby else 'primary']}/postgres"

    @property
    def administrator_password(self) -> str:
        """Of the role that may do everything."""
        return (self._primary.home / f"{ADMINISTRATOR}.password").read_text(encoding="utf-8")

    def start(self) -> None:
        """Start both."""
        self._supervisor.__enter__()
        self._primary.prepare()
        data = self._primary.data
        key, certificate = self._shown or self.authority.server_key_and_certificate()
        for source, name in ((key, "server.key"), (certificate, "server.crt")):
            shutil.copy(source, data / name)
            (data / name).chmod(0o600)
        (data / "pg_hba.conf").write_text(self._access, encoding="utf-8")
        with (data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(SSL)
        standby = replace(self._primary, home=self._home / "standby", port=self._ports["standby"])
        shutil.copytree(data, standby.data)
        (standby.data / "standby.signal").touch()
        standby.home.joinpath("created").touch()
        for server in (self._primary, standby):
            server.prepare()
            self._run(server)

    def stop(self) -> None:
        """Stop both."""
        self._supervisor.stop()

    def run(self, statement: str) -> None:
        """Run one statement as the administrator."""
        connection = self._open(self.port)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def _run(self, server: PostgresServer) -> None:
        """With what a standby needs: a log that tells it enough, and as many connections as the copy began with."""
        command = server.command()
        changed = {
            "wal_level=minimal": "wal_level=replica",
            "max_wal_senders=0": "max_wal_senders=10",
            "max_connections=60": "max_connections=100",
        }
        process = self._supervisor.start(
            replace(
                command,
                name=f"{command.name}-{server.home.name}",
                arguments=tuple(changed.get(argument, argument) for argument in command.arguments),
            )
        )
        self._supervisor.wait_until(process, lambda: self._accepts(server.port), START_TIMEOUT)

    def _accepts(self, port: int) -> bool:
        with contextlib.suppress(psycopg2.OperationalError):
            self._open(port).close()
            return True
        return False

    def _open(self, port: int) -> Connection:
        opened: Connection = psycopg2.connect(
            host=LOOPBACK, port=port, user=ADMINISTRATOR, password=self.administrator_password, dbname="postgres"
        )
        return opened
