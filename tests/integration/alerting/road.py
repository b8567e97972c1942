"""The way to an endpoint, which can be shut: nobody listens on its port until it is opened."""

import select
import socket
import threading
from collections.abc import Mapping
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self
from urllib.parse import urlsplit

ENDPOINT = "AWS_ENDPOINT_URL"


class Road(ThreadingTCPServer):
    """A port of this machine that leads to another address, once it is open; whoever knocks before is refused."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), _Traveller, bind_and_activate=False)
        target = urlsplit(address)
        assert target.hostname
        assert target.port
        self.target = target.hostname, target.port
        self.server_bind()

    @classmethod
    def to_aws(cls, variables: Mapping[str, str]) -> Self:
        """The road to the endpoint in AWS's variables."""
        return cls(variables[ENDPOINT])

    @property
    def variables(self) -> Mapping[str, str]:
        """What makes the SDK take this road."""
        return {ENDPOINT: f"http://127.0.0.1:{self.server_address[1]}"}

    def open(self) -> None:
        """Let everybody through from now on."""
        self.server_activate()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Traveller(BaseRequestHandler):
    server: Road

    def handle(self) -> None:
        with socket.create_connection(self.server.target) as there:
            ends = {self.request: there, there: self.request}
            while True:
                for ready in select.select(list(ends), [], [])[0]:
                    if not (data := ready.recv(65_536)):
                        return
                    ends[ready].sendall(data)
