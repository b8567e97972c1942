"""The embedded servers, started together when a test first asks for one."""

import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from fraudstream.local.stack import EmbeddedStack


class EmbeddedServers:
    """Kafka, PostgreSQL and the AWS endpoint under a temporary folder."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fraudstream-tests-", ignore_cleanup_errors=True)

    @cached_property
    def _stack(self) -> EmbeddedStack:
        return EmbeddedStack(Path(self._folder.name)).__enter__()

    @property
    def kafka(self) -> str:
        """host:port of the broker."""
        return self._stack.environment["KAFKA_BOOTSTRAP_SERVERS"]

    @property
    def database(self) -> str:
        """SQLAlchemy URL of a database whose role may create databases and roles."""
        return self._stack.administrator_url

    @property
    def aws(self) -> Mapping[str, str]:
        """The AWS variables."""
        return {name: value for name, value in self._stack.environment.items() if name.startswith("AWS_")}

    def stop(self) -> None:
        """Stop the servers and remove what they stored."""
        if "_stack" in self.__dict__:
            self._stack.stop()
        self._folder.cleanup()
