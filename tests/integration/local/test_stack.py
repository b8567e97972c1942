"""The embedded servers: used, killed without mercy, started again with everything they had acknowledged."""

import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer
from fraudstream.errors import ConfigurationError
from fraudstream.local import mlflow
from fraudstream.local.endpoints import write_endpoints
from fraudstream.local.jars import JarCache
from fraudstream.local.pids import started_at
from fraudstream.local.ports import LOOPBACK, reserve
from fraudstream.local.processes import ProcessEnded
from fraudstream.local.stack import EmbeddedStack
from fraudstream.settings import KafkaSettings, LocalSettings

pytestmark = pytest.mark.integration

TOPIC = "kept"
LISTENING_WITHIN = 30.0
"""Far beyond the two or three seconds of an idle machine, and still a start that hangs is found."""


@contextlib.contextmanager
def running(home: Path) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(home) as stack:
        yield stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """One running stack for the tests that only look at it."""
    with running(tmp_path_factory.mktemp("shared")) as shared:
        yield shared


def kafka(stack: EmbeddedStack) -> KafkaSettings:
    return KafkaSettings(kafka_bootstrap_servers=stack.environment["KAFKA_BOOTSTRAP_SERVERS"])


def send(stack: EmbeddedStack, value: bytes) -> None:
    KafkaAdmin(kafka(stack)).ensure_topics({TOPIC: 1}, replication_factor=1)
    producer = KafkaProducer(kafka(stack))
    producer.send(TOPIC, key=b"1", value=value)
    assert producer.flush(30) == 0


def received(stack: EmbeddedStack) -> list[bytes | None]:
    with contextlib.closing(KafkaConsumer(kafka(stack), TOPIC, group="test")) as consumer:
        return [record.value for record in consumer.consume(1, 30)]


def query(stack: EmbeddedStack, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(connect(stack.environment["DATABASE_URL"], application="test")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def crash(stack: EmbeddedStack) -> None:
    """Kill the servers and the watchdog, and let go of the home as the death of this process would."""
    supervisor = stack.supervisor
    assert supervisor._watchdog is not None
    assert supervisor._guard is not None
    supervisor._watchdog.kill()
    for process in supervisor.processes.values():
        os.killpg(process.pid, signal.SIGKILL)
        process.popen.wait()
    supervisor._watchdog.communicate()
    supervisor._guard.close()


def test_what_was_acknowledged_survives_crashes_and_stops(tmp_path: Path) -> None:
    stack = EmbeddedStack(tmp_path).__enter__()
    addresses = stack.environment
    send(stack, b"before the crash")
    query(stack, "CREATE TABLE kept AS SELECT 'before the crash' AS text")
    endpoints = write_endpoints(tmp_path, addresses)
    crash(stack)

    for _ in ("after the crash", "after an orderly stop"):
        began = time.monotonic()
        with running(tmp_path) as again:
            assert time.monotonic() - began < LISTENING_WITHIN
            assert received(again) == [b"before the crash"]
            assert query(again, "SELECT text FROM kept") == [("before the crash",)]
            assert again.environment == addresses
            assert not endpoints.exists()
            pids = [process.pid for process in again.supervisor.processes.values()]
        assert [pid for pid in pids if started_at(pid) is not None] == []


def test_servers_listen_on_loopback_and_promise_what_the_ledger_needs(stack: EmbeddedStack) -> None:
    rows = query(
        stack,
        "SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'track_commit_timestamp', "
        "'fsync', 'synchronous_commit', 'server_version_num')",
    )
    owner = query(stack, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")

    found = {str(name): str(setting) for name, setting in rows}
    assert found.pop("server_version_num").startswith("18")
    assert found == {
        "listen_addresses": LOOPBACK,
        "track_commit_timestamp": "on",
        "fsync": "on",
        "synchronous_commit": "on",
    }
    assert owner == [(False,)]


def test_nobody_else_can_read_what_is_stored(stack: EmbeddedStack) -> None:
    postgres = stack.home / "postgres"
    private = [postgres / "data", *postgres.glob("*.password")]

    assert {path.stem for path in private} == {"data", "postgres", *Role}
    assert [path for path in private if path.stat().st_mode & 0o077] == []


def test_each_role_reaches_its_own_database(stack: EmbeddedStack) -> None:
    reached = {}
    for role, url in stack.database_urls.items():
        with contextlib.closing(connect(url, application="test")) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_database()")
            reached[role] = cursor.fetchone()

    assert reached == {role: (role, "mlflow" if role == Role.MLFLOW else "fraudstream") for role in Role}


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    port = reserve(tmp_path, ("kafka",))["kafka"]

    with (
        contextlib.closing(socket.create_server((LOOPBACK, port))),
        pytest.raises(
            ConfigurationError, match=rf"port {port} of kafka on 127\.0\.0\.1 is taken by .*: stop that program"
        ),
        running(tmp_path),
    ):
        pass


def test_a_home_in_use_is_refused_and_left_alone(stack: EmbeddedStack) -> None:
    with pytest.raises(ConfigurationError, match="is already running"), running(stack.home):
        pass

    assert query(stack, "SELECT 1") == [(1,)]


def test_two_homes_run_side_by_side_and_a_server_that_cannot_start_is_quoted(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    with running(tmp_path) as other:
        assert other.environment["DATABASE_URL"] != stack.environment["DATABASE_URL"]
        assert query(other, "SELECT 1") == query(stack, "SELECT 1") == [(1,)]

    (tmp_path / "postgres" / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ProcessEnded, match=r"(?s)postgres ended .*no_such_setting"), running(tmp_path):
        pass


def test_an_old_java_stops_the_start_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(java.parent))

    with (
        pytest.raises(ConfigurationError, match=re.escape(f"PATH gives Java 11 ({java})")),
        running(tmp_path / "home"),
    ):
        pass


def test_the_tracking_server_shows_its_screens(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow, "NICENESS", "0")  # beside other tests it would wait for minutes
    server = stack.start_mlflow_ui()
    url = stack.environment["MLFLOW_UI_URL"]

    def answers() -> bool:
        with contextlib.suppress(OSError), urlopen(f"{url}/health", timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
        return False

    stack.supervisor.wait_until(server, answers, mlflow.START_TIMEOUT)
    command = Path(f"/proc/{server.pid}/cmdline").read_text()

    password = stack.environment["MLFLOW_TRACKING_URI"].split(":")[2].split("@")[0]
    assert password not in command


def test_the_cache_is_where_the_settings_say(tmp_path: Path) -> None:
    assert JarCache.of(LocalSettings(fraudstream_cache=tmp_path)).root == tmp_path
