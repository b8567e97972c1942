"""Ports are free, stay the same over restarts, and a taken one is named."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.local.ports import FIRST, LAST, LOOPBACK, is_listening, reserve


@contextlib.contextmanager
def listening(port: int = 0) -> Iterator[int]:
    with contextlib.closing(socket.create_server((LOOPBACK, port))) as server:
        yield server.getsockname()[1]


def test_each_name_has_a_port_of_its_own(tmp_path: Path) -> None:
    ports = reserve(tmp_path, ("kafka", "postgres", "aws"))

    assert len(set(ports.values())) == 3
    assert all(FIRST <= port < LAST for port in ports.values())


def test_ports_stay_the_same_over_restarts(tmp_path: Path) -> None:
    before = reserve(tmp_path, ("kafka",))
    after = reserve(tmp_path, ("new", "kafka"))

    assert after["kafka"] == before["kafka"] != after["new"]


def test_two_checkouts_get_different_ports(tmp_path: Path) -> None:
    assert reserve(tmp_path / "one", ("kafka",)) != reserve(tmp_path / "two", ("kafka",))


def test_a_port_in_use_is_passed_over_the_first_time(tmp_path: Path) -> None:
    taken = reserve(tmp_path, ("kafka",))["kafka"]
    (tmp_path / "ports.json").unlink()

    with listening(taken):
        assert reserve(tmp_path, ("kafka",))["kafka"] != taken


def test_a_kept_port_that_is_taken_is_one_clear_sentence(tmp_path: Path) -> None:
    taken = reserve(tmp_path, ("kafka",))["kafka"]

    with (
        listening(taken),
        pytest.raises(ConfigurationError, match=rf"port {taken} of kafka .* is taken .*delete .*ports\.json"),
    ):
        reserve(tmp_path, ("kafka",))


def test_a_damaged_list_of_ports_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("{")

    assert set(reserve(tmp_path, ("kafka",))) == {"kafka"}


def test_a_listener_is_told_from_silence(tmp_path: Path) -> None:
    with listening() as port:
        assert is_listening(port)
    assert not is_listening(reserve(tmp_path, ("kafka",))["kafka"])
