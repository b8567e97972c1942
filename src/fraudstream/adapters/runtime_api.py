"""AWS's Lambda Runtime API on a loopback port (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html)."""

import queue
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Event:
    """One invocation on its way to the function; `deadline_ms` is in milliseconds since 1970 UTC."""

    request_id: str
    payload: bytes
    deadline_ms: int


@dataclass(frozen=True)
class Happened:
    """Something the function's process did: it asked, answered, failed, could not load, or ended."""

    kind: Literal["asked", "response", "error", "init", "ended"]
    payload: bytes = b""
    request_id: str = ""


class RuntimeApi(ThreadingHTTPServer):
    """The Runtime API of one function process: `events` go in, what `happened` comes out."""

    daemon_threads = True

    def __init__(self, arn: str) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.arn = arn
        self.events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.happened: queue.SimpleQueue[Happened] = queue.SimpleQueue()

    @property
    def address(self) -> str:
        """host:port, as `AWS_LAMBDA_RUNTIME_API` wants it."""
        return f"127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        """Stop serving; a request that still waits is answered with 410."""
        self.events.put(None)
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a connection breaks whenever a process is killed, which `ended` reports."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: RuntimeApi

    def do_GET(self) -> None:
        """Answer `invocation/next` once there is an event."""
        if self.path != f"{PREFIX}invocation/next":
            self._answer(HTTPStatus.NOT_FOUND)
            return
        self.server.happened.put(Happened("asked"))
        event = self.server.events.get()
        if event is None:
            self._answer(HTTPStatus.GONE)
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.server.arn,
        }
        self._answer(HTTPStatus.OK, event.payload, headers)

    def do_POST(self) -> None:
        """Take a response, an error, or word that the function could not be loaded."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.path.removeprefix(PREFIX).split("/"):
            case ["invocation", request_id, ("response" | "error") as kind]:
                happened = Happened("response" if kind == "response" else "error", body, request_id)
            case ["init", "error"]:
                happened = Happened("init", body)
            case _:
                self._answer(HTTPStatus.NOT_FOUND)
                return
        self.server.happened.put(happened)  # first, or the process could end before its answer is known
        self._answer(HTTPStatus.ACCEPTED, b'{"status":"OK"}\n')

    def _answer(self, status: HTTPStatus, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing: what matters is logged by the invoker."""
