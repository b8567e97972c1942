"""Tests use containers where a Docker engine answers, unless told otherwise."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers.choice import Choice, choose, docker_problem


@contextlib.contextmanager
def answering(path: Path, answer: bytes) -> Iterator[str]:
    """A Docker engine that says one thing; gives its address."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"unix://{path}"
        thread.join()


def test_containers_are_used_where_an_engine_answers() -> None:
    assert choose("auto", docker_problem=None, docker_required=False).kind == "containers"


def test_embedded_servers_are_used_elsewhere_and_the_reason_is_kept() -> None:
    chosen = choose("auto", docker_problem="no socket", docker_required=False)

    assert chosen == Choice("embedded", "no Docker engine answers (no socket)")


def test_embedded_servers_are_used_on_request() -> None:
    assert choose("embedded", docker_problem=None, docker_required=True).kind == "embedded"


@pytest.mark.parametrize(("asked", "required"), [("containers", False), ("auto", True)])
def test_a_missing_engine_is_an_error_where_one_is_required(asked: str, *, required: bool) -> None:
    with pytest.raises(pytest.UsageError, match="but no Docker engine answers: no socket"):
        choose(asked, docker_problem="no socket", docker_required=required)


def test_an_engine_that_answers_is_no_problem(tmp_path: Path) -> None:
    with answering(tmp_path / "docker.sock", b"HTTP/1.0 200 OK\r\n\r\nOK") as host:
        assert docker_problem(host) is None


def test_an_engine_that_fails_is_quoted(tmp_path: Path) -> None:
    with answering(tmp_path / "docker.sock", b"HTTP/1.0 500 Internal Server Error\r\n\r\n") as host:
        assert "500" in (docker_problem(host) or "")


def test_a_missing_socket_is_named(tmp_path: Path) -> None:
    assert docker_problem(f"unix://{tmp_path}/docker.sock") == f"{tmp_path}/docker.sock: No such file or directory"
