"""The embedded servers as one thing: Kafka, PostgreSQL and the AWS endpoint, with MLflow beside them."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from fraudstream.adapters.database.roles import DATABASE, MLFLOW_DATABASE, Role
from fraudstream.clock import Clock
from fraudstream.local import aws, broker, mlflow, postgres
from fraudstream.local.binaries import SERVER, unpack_postgres
from fraudstream.local.endpoints import remove_endpoints
from fraudstream.local.identity import unprivileged
from fraudstream.local.jars import KAFKA, SPARK, JarCache, postgres_set
from fraudstream.local.java import find_java
from fraudstream.local.ports import LOOPBACK, is_listening, reserve
from fraudstream.local.postgres import PostgresServer
from fraudstream.local.processes import Process, Supervisor
from fraudstream.settings import LocalSettings

CONTROLLER = "kafka-controller"
OPEN = {
    "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
    "KAFKA_SASL_MECHANISM": "",
    "KAFKA_SSL_CA_FILE": "",
    "KAFKA_OAUTH_TOKEN_URL": "",
    "DATABASE_AUTH": "password",
    "DATABASE_CA_FILE": "",
}
"""How these servers are reached, whatever the caller's own are."""
DASHBOARD = "dashboard"
FOREIGN = ("AWS_", "DATABASE_URL", "MLFLOW_", "PG", "PYSPARK_", "SPARK_HOME", "SPARK_CONF_DIR")
"""Beginnings of variables that would lead a child process to somebody else's servers or Spark."""


class EmbeddedStack:
    """The servers of one home folder; a context manager that returns when all of them accept connections.

    What they stored stays in the folder and is there at the next start, also after a crash; only the AWS endpoint
    forgets. The stack owns a `supervisor`, with which apps are started beside the servers: they are stopped first.

    Args:
        home: folder of everything the stack keeps; created if missing.
        cache: where jars and the PostgreSQL server come from; the settings' own if `None`.
        clock: decides how long to wait.

    Raises:
        ConfigurationError: no fitting Java, a taken port, a wrong jar, or the stack is running already.
        ProcessEnded: a server did not start; the message ends with the last lines of its log.
    """

    def __init__(self, home: Path, cache: JarCache | None = None, clock: Clock | None = None) -> None:
        self.home = home.absolute()
        self._cache = cache or JarCache.of(LocalSettings.load())
        self._inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.supervisor = Supervisor(self.home, self._inherited, clock)
        self._environment: dict[str, str] = {}
        self._ports: Mapping[str, int] = {}
        self._database_urls: Mapping[Role, str] = {}
        self._administrator_url = ""

    def __enter__(self) -> Self:
        self.supervisor.__enter__()
        remove_endpoints(self.home)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def environment(self) -> Mapping[str, str]:
        """Every variable that reaches the servers, to be laid over the inherited ones.

        Its `DATABASE_URL` is the schema owner's, and its `MLFLOW_TRACKING_URI` holds a password too.
        """
        return self._environment

    @property
    def database_urls(self) -> Mapping[Role, str]:
        """SQLAlchemy URL of each role's database."""
        return self._database_urls

    @property
    def administrator_url(self) -> str:
        """SQLAlchemy URL of the role that may do everything in the PostgreSQL server."""
        return self._administrator_url

    def start_mlflow_ui(self) -> Process:
        """Start MLflow's server, without waiting for the ten seconds it takes; its address is in `environment`."""
        store = self._database_urls[Role.MLFLOW]
        return self.supervisor.start(mlflow.mlflow_command(store, self._artifacts, self._ports[mlflow.NAME]))

    def stop(self) -> None:
        """Stop apps and servers, last started first; safe to call twice."""
        remove_endpoints(self.home)
        self.supervisor.stop()

    @property
    def _artifacts(self) -> Path:
        return self.home / "mlflow" / "artifacts"

    def _start(self) -> None:
        java = find_java(os.environ)
        kafka_jars = self._cache.ensure(KAFKA)
        self._cache.ensure(SPARK)
        binaries = unpack_postgres(self._cache.ensure(postgres_set())[0], self._cache.root)
        self._ports = reserve(self.home, (broker.NAME, CONTROLLER, postgres.NAME, aws.NAME, mlflow.NAME, DASHBOARD))
        kafka_port, aws_port = self._ports[broker.NAME], self._ports[aws.NAME]
        database = PostgresServer(
            self.home / "postgres", binaries, unprivileged(binaries / SERVER), self._ports[postgres.NAME]
        )
        start = self.supervisor.start
        kafka = start(
            broker.broker_command(
                self.home / "kafka", java, kafka_jars, port=kafka_port, controller_port=self._ports[CONTROLLER]
            )
        )
        endpoint = start(aws.aws_command(aws_port))
        database.prepare()
        server = start(database.command())
        self.supervisor.wait_until(server, database.is_ready, postgres.START_TIMEOUT)
        database.create_databases()
        self.supervisor.wait_until(kafka, lambda: is_listening(kafka_port), broker.START_TIMEOUT)
        self.supervisor.wait_until(endpoint, lambda: is_listening(aws_port), aws.START_TIMEOUT)
        self._artifacts.mkdir(parents=True, exist_ok=True)
        self._administrator_url = database.administrator_url
        self._database_urls = {
            role: database.url(role, MLFLOW_DATABASE if role == Role.MLFLOW else DATABASE) for role in Role
        }
        self._environment = {
            **OPEN,
            "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{kafka_port}",
            "DATABASE_URL": self._database_urls[Role.MIGRATE],
            **mlflow.mlflow_environment(self._database_urls[Role.MLFLOW], self._artifacts),
            "MLFLOW_UI_URL": f"http://{LOOPBACK}:{self._ports[mlflow.NAME]}",
            "DASHBOARD_PORT": str(self._ports[DASHBOARD]),
            "DASHBOARD_DATABASE_URL": self._database_urls[Role.DASHBOARD],
            **aws.aws_environment(aws_port),
            "FRAUDSTREAM_HOME": str(self.home),
            "CHECKPOINT_DIR": str(self.home / "checkpoints"),
            "JOURNAL_DIR": str(self.home / "journal"),
            "SPARK_JARS_DIR": str(self._cache.folder(SPARK)),
            "JAVA_HOME": str(java.home),
            "PYSPARK_PYTHON": sys.executable,
        }
