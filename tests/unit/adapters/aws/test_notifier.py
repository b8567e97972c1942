"""Whatever stands in for SNS while it is away: it says nothing about the message."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.alerting.message import notification_of
from fraudstream.errors import TemporarilyUnavailable

TOPIC = "arn:aws:sns:us-east-1:000000000000:alerts"


class Gateway(ThreadingHTTPServer):
    """Answers everything with one status and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.says: tuple[int, bytes] = 200, b""


class _Request(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.server.says
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with Gateway() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "anything")
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"Bad Gateway"),
        (404, b"no such page"),
        (400, b"{}"),
        (500, b'{"error": true}'),
        (200, b"hello"),
        (200, b""),
    ],
)
def test_a_gateway_that_answers_for_sns_is_an_outage(gateway: Gateway, status: int, body: bytes) -> None:
    gateway.says = status, body

    with pytest.raises(TemporarilyUnavailable, match=f"SNS topic {TOPIC} did not answer"):
        SnsNotifier(TOPIC).publish(notification_of(an_alert()))
