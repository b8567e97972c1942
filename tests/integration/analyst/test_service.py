"""`fraudstream analyst-api` as a process: with the token, without, by a stranger's name, too large, stopped."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.analyst.stream import PATIENCE, LabelledStream
from tests.integration.verify.postgres_stack import fill
from tests.unit.verify.memory_stack import a_payment

from fraudstream.analyst.guard import LARGEST_BODY
from fraudstream.analyst.token_file import token_file

pytestmark = pytest.mark.integration

MAIN = Path(__file__).parents[3] / "services" / "analyst_api" / "main.py"


@dataclass(frozen=True)
class Service:
    """A running service, and what it logged before it was ready."""

    port: int
    folder: Path
    process: subprocess.Popen[str]
    ready: Mapping[str, Any]

    @property
    def token(self) -> str:
        return token_file(self.folder).read_text().strip()

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and document; with the token, unless other headers are given."""
        given = {"Authorization": f"Bearer {self.token}"} if headers is None else headers
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path, content, {"Content-Type": "application/json", **given})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path, port: int | None = None) -> Iterator[Service]:
    """The service of the environment, from its entry script."""
    chosen = port or free_port()
    environment = {"ANALYST_PORT": str(chosen), "ANALYST_SETTINGS_DIR": str(folder), "LOG_FORMAT": "json"}
    with subprocess.Popen(
        [sys.executable, str(MAIN)], env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
    ) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            assert process.stderr is not None
            yield Service(chosen, folder, process, json.loads(process.stderr.readline()))
        finally:
            watchdog.cancel()
            process.kill()


@pytest.fixture
def service(stream: LabelledStream, tmp_path: Path) -> Iterator[Service]:  # noqa: ARG001 - its environment
    with running(tmp_path / "settings") as made:
        yield made


def test_the_token_is_made_for_its_owner_and_never_told(service: Service) -> None:
    assert service.ready["event"] == "analyst api ready"
    assert service.ready["token_file"] == str(token_file(service.folder))
    assert service.token not in json.dumps(service.ready)
    assert token_file(service.folder).stat().st_mode & 0o777 == 0o600


def test_a_label_goes_the_whole_way(stream: LabelledStream, service: Service) -> None:
    stream.stack.send(a_payment(1, merchant_id=7))
    stream.stack.score()
    with stream.applier_at_work():
        status, said = service.ask("POST", "/labels", {"transaction_id": str(uuid.UUID(int=1)), "is_fraud": True})
    assert (status, said["applied"], said["label_seq"]) == (200, True, 1)

    status, explained = service.ask("GET", f"/transactions/{uuid.UUID(int=1)}/explanation")

    assert (status, explained["is_fraud"], explained["proof"]["exact"]) == (200, True, True)


def test_alerts_are_listed_with_what_is_known_of_them(stream: LabelledStream, service: Service) -> None:
    fill(stream.stack)
    ((count,),) = stream.stack.run("SELECT count(*) FROM alerts")

    status, found = service.ask("GET", "/alerts?last=500")

    assert (status, len(found["alerts"])) == (200, count)
    assert {alert["notified"] for alert in found["alerts"]} == {True}
    assert {alert["is_fraud"] for alert in found["alerts"]} == {True, False, None}


def test_strangers_are_told_nothing(stream: LabelledStream, service: Service) -> None:
    fill(stream.stack)
    for headers, expected in (
        ({}, 401),
        ({"Authorization": "Bearer guessed"}, 401),
        ({"Authorization": f"Bearer {service.token}", "Host": f"evil.example:{service.port}"}, 421),
    ):
        status, said = service.ask("GET", "/alerts", headers=headers)

        assert (status, list(said)) == (expected, ["error"])


def test_what_is_too_large_is_not_read(service: Service) -> None:
    status, said = service.ask("POST", "/labels", b"x" * (LARGEST_BODY + 1))

    assert (status, said) == (413, {"error": f"the body is over {LARGEST_BODY} bytes"})


def test_it_ends_cleanly_when_it_is_told_to(service: Service) -> None:
    assert service.ask("GET", "/health", headers={}) == (200, {"status": "ok"})
    service.process.send_signal(signal.SIGTERM)

    assert service.process.wait(PATIENCE) == 0
    assert service.process.stderr is not None
    assert service.process.stderr.read() == ""


def test_a_second_start_has_the_same_token_and_a_taken_port_is_named(service: Service) -> None:
    before = service.token
    environment = {"ANALYST_PORT": str(service.port), "ANALYST_SETTINGS_DIR": str(service.folder)}
    done = subprocess.run(
        [sys.executable, "-m", "fraudstream", "analyst-api"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 2
    assert f"127.0.0.1:{service.port} can't be listened on (Address already in use)" in done.stderr
    assert service.token == before
