"""`fraudstream scoring-api` as a process, as the role that may only read, beside a stream that scores the same."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.analyst.token_file import token_file
from fraudstream.contracts.transaction import encode_transaction

pytestmark = pytest.mark.integration

MAIN = Path(__file__).parents[3] / "services" / "scoring_api" / "main.py"
PATIENCE = 180.0


@dataclass(frozen=True)
class Service:
    """A running scoring API."""

    port: int
    process: subprocess.Popen[str]
    token: str

    def ask(self, method: str, path: str, body: bytes = b"", token: str | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())


def environment(url: str, folder: Path, port: int) -> Mapping[str, str]:
    own = {"DATABASE_URL": url, "SCORING_API_PORT": str(port), "SCORING_API_SETTINGS_DIR": str(folder)}
    return {**os.environ, **own, "LOG_FORMAT": "json"}


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(url: str, folder: Path, *, sagemaker: bool = False) -> Iterator[Service]:
    port = free_port()
    command = ["-m", "fraudstream", "serve", "--port", str(port)] if sagemaker else [str(MAIN)]
    with subprocess.Popen(
        [sys.executable, *command], env=environment(url, folder, port), stderr=subprocess.PIPE, text=True
    ) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            assert process.stderr is not None
            ready = json.loads(process.stderr.readline())
            assert ready["event"] == ("inference container ready" if sagemaker else "scoring api ready")
            yield Service(port, process, "none" if sagemaker else token_file(folder).read_text().strip())
        finally:
            watchdog.cancel()
            process.kill()


def test_what_was_answered_is_what_the_stream_stores(world: RoleWorld, tmp_path: Path) -> None:
    url = world.url(Role.SERVING)
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
        fill(stack)
        service = resources.enter_context(running(url, tmp_path / "settings"))
        for number in range(200, 230):
            merchant = None if number % 4 == 0 else 6 + number % 4
            amount = 950.0 if number % 6 == 0 else 5.0 + number / 7
            payment = a_payment(number, user_id=1 + number % 5, amount=amount, merchant_id=merchant)
            if number == 215:
                stack.deploy("3", weight=0.07, threshold=0.4)
            status, answer = service.ask("POST", "/score", encode_transaction(payment))
            stack.send(payment, partition=number % 2)
            stack.score(number % 2)
            ((score, alert, version, label_seq),) = stack.run(
                "SELECT score, alert, model_version, label_seq FROM scored_transactions JOIN slices USING (slice_id)"
                " WHERE transaction_id = %s",
                str(payment.transaction_id),
            )
            told = (answer["probability"].hex(), answer["verdict"] == "alert", answer["model_version"])

            assert status == 200
            assert (*told, answer["label_seq"]) == (score.hex(), alert, version, label_seq)
            if alert:
                ((reasons,),) = stack.run(
                    "SELECT reasons FROM alerts WHERE transaction_id = %s", answer["transaction_id"]
                )
                assert answer["reasons"] == reasons
            if number % 10 == 0:
                stack.label(payment.transaction_id, is_fraud=True)

        assert service.ask("POST", "/score", encode_transaction(payment))[0] == 409
        status, refused = service.ask("POST", "/score", b"{}")
        assert (status, refused["reason"]) == (422, "invalid_field")
        assert service.ask("POST", "/score", b"{}", token="guessed")[0] == 401
        assert service.ask("GET", "/ping") == (200, {"status": "ok"})
        service.process.send_signal(signal.SIGTERM)

        assert service.process.wait(PATIENCE) == 0


def test_sagemaker_asks_without_a_token_and_by_any_name(world: RoleWorld, tmp_path: Path) -> None:
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
        fill(stack)
        service = resources.enter_context(running(world.url(Role.SERVING), tmp_path, sagemaker=True))
        connection = resources.enter_context(
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE))
        )
        lines = b"\n".join([encode_transaction(a_payment(900, user_id=2)), b"{}"])
        connection.request("GET", "/ping", headers={"Host": "169.254.255.130:8080"})
        assert connection.getresponse().read() == b'{"status":"ok"}'
        connection.request("POST", "/invocations", lines, {"Content-Type": "application/jsonlines", "Host": "model"})
        scored, refused = (json.loads(line) for line in connection.getresponse().read().splitlines())

    assert 0.0 <= scored["probability"] <= 1.0
    assert refused["reason"] == "invalid_field"


def test_its_role_reads_what_a_score_needs_and_nothing_else(world: RoleWorld) -> None:
    url = world.url(Role.SERVING)
    for statement in ("SELECT * FROM scored_transactions", "SELECT * FROM labels", "DELETE FROM customer_state"):
        with (
            contextlib.closing(connect(url, application="test")) as connection,
            connection.cursor() as cursor,
            pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)),
        ):
            cursor.execute(statement)


def test_a_taken_port_is_named(world: RoleWorld, tmp_path: Path) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = int(listener.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "fraudstream", "scoring-api"],
            env=environment(world.url(Role.SERVING), tmp_path, port),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "SCORING_API_PORT" in done.stderr
