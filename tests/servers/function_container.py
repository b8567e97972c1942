"""AWS's runtime interface emulator in a container: one function behind Lambda's own HTTP interface."""

import io
import tarfile
from typing import Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

IMAGE = "public.ecr.aws/lambda/python:3.13"
FUNCTION = "function"
"""The name under which the emulator knows whatever it runs."""
START_TIMEOUT = 60
"""Seconds until it must listen."""


class FunctionContainer(DockerContainer):  # type: ignore[misc]
    """Runs `handler.handler` of the given source; it is loaded with the first invocation.

    Args:
        source: text of `handler.py`.
        timeout: whole seconds one invocation has.
        environment: variables the function sees.
    """

    PORT = 8080

    def __init__(self, source: str, *, timeout: int, environment: dict[str, str]) -> None:
        super().__init__(IMAGE)
        self._source = source
        self.with_exposed_ports(self.PORT)
        self.with_command("handler.handler")
        self.with_envs(AWS_LAMBDA_FUNCTION_TIMEOUT=str(timeout), **environment)
        self.waiting_for(HttpWaitStrategy(self.PORT, "/").for_status_code(404).with_startup_timeout(START_TIMEOUT))

    @property
    def address(self) -> str:
        """URL for clients on this machine."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(self.PORT)}"

    def start(self) -> Self:
        """Start it and put the function where it looks for it."""
        super().start()
        content, buffer = self._source.encode(), io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            entry = tarfile.TarInfo("handler.py")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
        self.get_wrapped_container().put_archive("/var/task", buffer.getvalue())
        return self
