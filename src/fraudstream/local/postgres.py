"""A PostgreSQL server as a child process, also where the caller is root, whom PostgreSQL refuses."""

import contextlib
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fraudstream.adapters.database.roles import DATABASE, Role, ensure_roles
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.local.identity import Identity
from fraudstream.local.ports import LOOPBACK, is_listening
from fraudstream.local.processes import Command

NAME = "postgres"
ADMINISTRATOR = "postgres"
START_TIMEOUT = 60.0
"""Seconds until the server must accept connections; after a crash it replays its log first."""
INITDB_TIMEOUT = 120.0
"""Seconds that creating an empty cluster may take; under one on an idle machine."""
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "track_commit_timestamp": "on",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "idle_in_transaction_session_timeout": "60s",
    "autovacuum_naptime": "15s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%a ",
}
"""Durable as PostgreSQL is by default (`fsync`, `synchronous_commit`), without replication and Unix sockets, whose
paths would be too long in a deep checkout."""


@dataclass(frozen=True)
class PostgresServer:
    """One cluster: its folder, its binaries and who runs it."""

    home: Path
    binaries: Path
    identity: Identity
    port: int

    @property
    def data(self) -> Path:
        """The cluster's files."""
        return self.home / "data"

    def prepare(self) -> None:
        """Create the cluster if there is none yet; passwords are random and readable for the owner alone."""
        self.home.mkdir(parents=True, exist_ok=True)
        if not (self.home / "created").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self.data.mkdir(mode=0o700)
            self.identity.give(self.data)
            self._initialise()
            (self.home / "created").touch()
        self.identity.give(self.data)

    def command(self) -> Command:
        """How to start it; SIGINT is its fast, clean stop."""
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        server = [str(self.binaries / "bin" / "postgres"), "-D", str(self.data), "-p", str(self.port), *settings]
        return Command(
            name=NAME,
            arguments=tuple(self.identity.command(server)),
            environment={"LC_ALL": "C"},
            stop_signal=signal.SIGINT,
            directory=self.home,
        )

    def is_ready(self) -> bool:
        """Whether it lets somebody in."""
        if not is_listening(self.port):
            return False
        with contextlib.suppress(TemporarilyUnavailable):
            connect(self.administrator_url, application="fraudstream-stack").close()
            return True
        return False

    def create_databases(self) -> None:
        """Create the roles and databases where they are missing.

        Raises:
            ConfigurationError: the cluster is of an earlier version, whose one role owns everything.
        """
        ensure_roles(self.administrator_url, {role: self._password(role) for role in Role})

    @property
    def administrator_url(self) -> str:
        """SQLAlchemy URL of the role that may do everything."""
        return self.url(ADMINISTRATOR, "postgres")

    def url(self, role: str = Role.MIGRATE, database: str = DATABASE) -> str:
        """SQLAlchemy URL of one database for one role."""
        return f"postgresql+psycopg2://{role}:{self._password(role)}@{LOOPBACK}:{self.port}/{database}"

    def _password(self, role: str) -> str:
        path = self.home / f"{role}.password"
        if not path.exists():
            path.touch(mode=0o600)
        if not path.stat().st_size:
            path.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        return path.read_text(encoding="utf-8")

    def _initialise(self) -> None:
        password = self.home / "initdb.password"
        password.touch(mode=0o600)
        password.write_text(self._password(ADMINISTRATOR), encoding="utf-8")
        self.identity.give(password)
        command = [str(self.binaries / "bin" / "initdb"), "-D", str(self.data), "-U", ADMINISTRATOR, "-E", "UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth=scram-sha-256", f"--pwfile={password}", "--no-sync", "--no-instructions"]
        done = subprocess.run(
            self.identity.command(command),
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT,
            check=False,
            cwd=self.home,
        )
        password.unlink()
        if done.returncode != 0:
            raise ConfigurationError(
                f"PostgreSQL's initdb failed in {self.data}: {done.stderr.strip() or done.stdout.strip()}"
            )
