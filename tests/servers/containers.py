"""The servers in containers, each started when a test first asks for it."""

import io
import tarfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

from fraudstream.local.broker import server_properties, storage_identity

KAFKA_IMAGE = "apache/kafka:4.1.1"
POSTGRES_IMAGE = "postgres:18"
AWS_IMAGE = "localstack/localstack:4.14.0"
REGION = "us-east-1"
START_TIMEOUT = 240
"""Seconds a server in a container has until it must answer."""


class KafkaContainer(DockerContainer):  # type: ignore[misc]
    """A broker of Apache's own image, configured as the embedded one once its port on the host is known."""

    PORT = 9092
    FOLDER = "/tmp"  # noqa: S108 - inside the container
    START = "mkdir -p data && cp meta.properties data && exec /opt/kafka/bin/kafka-server-start.sh server.properties"

    def __init__(self) -> None:
        super().__init__(KAFKA_IMAGE)
        self.with_exposed_ports(self.PORT)
        self.with_env("KAFKA_HEAP_OPTS", "-Xms192m -Xmx384m")
        wait = f"cd {self.FOLDER}; until [ -s start.sh ]; do sleep 0.1; done; . ./start.sh"
        self.with_command(["sh", "-c", wait])

    @property
    def address(self) -> str:
        """host:port for clients on this machine."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(self.PORT)}"

    def start(self) -> "KafkaContainer":
        super().start()
        properties = server_properties(
            f"{self.FOLDER}/data",
            port=self.PORT,
            controller_port=9093,
            listen="0.0.0.0",  # noqa: S104 - in the container
            advertised=self.address,
        )
        for name, text in (
            ("meta.properties", storage_identity()),
            ("server.properties", properties),
            ("start.sh", self.START),
        ):
            self.get_wrapped_container().put_archive(self.FOLDER, _archive(name, text))
        self._wait()
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        client = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        while True:
            try:
                client.list_topics(timeout=1)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
            else:
                return


class AwsContainer(DockerContainer):  # type: ignore[misc]
    """LocalStack, waited for by its health page."""

    PORT = 4566

    def __init__(self) -> None:
        super().__init__(AWS_IMAGE)
        self.with_exposed_ports(self.PORT)
        self.with_env("AWS_DEFAULT_REGION", REGION)
        self.waiting_for(HttpWaitStrategy(self.PORT, "/_localstack/health").with_startup_timeout(START_TIMEOUT))

    @property
    def address(self) -> str:
        """URL for clients on this machine."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(self.PORT)}"


class ContainerServers:
    """Kafka, PostgreSQL and LocalStack in containers; a context manager that removes what was started."""

    def __init__(self) -> None:
        self._started = ExitStack()

    @cached_property
    def kafka(self) -> str:
        """host:port of the broker."""
        return str(self._started.enter_context(KafkaContainer()).address)

    @cached_property
    def database(self) -> str:
        """SQLAlchemy URL of a database whose role may create databases and roles."""
        container = PostgresContainer(POSTGRES_IMAGE, username="fraudstream", password="test", dbname="fraudstream")
        container.with_command(["postgres", "-c", "track_commit_timestamp=on", "-c", "max_connections=60"])
        return str(self._started.enter_context(container).get_connection_url())

    @cached_property
    def aws(self) -> Mapping[str, str]:
        """The AWS variables."""
        container = self._started.enter_context(AwsContainer())
        return {
            "AWS_ENDPOINT_URL": container.address,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def stop(self) -> None:
        """Remove the containers."""
        self._started.close()


def _archive(name: str, text: str) -> bytes:
    content, buffer = text.encode(), io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o755
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
