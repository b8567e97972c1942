"""What the doctor and the demo say of the machine: disks, ports, a demo that runs."""

import fcntl
import shutil
import socket
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.local.findings import Finding, Severity, Way
from fraudstream.local.home_findings import (
    MIB,
    NEEDED_DISK,
    NEEDED_TO_RUN,
    disk_findings,
    home_findings,
    owner_of,
    port_finding,
    require_room,
)

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil's own


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def with_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(NEEDED_DISK * 9, 0, free))


@pytest.mark.parametrize(
    ("free", "severity"),
    [(NEEDED_DISK, Severity.FINE), (NEEDED_TO_RUN, Severity.NOTE), (NEEDED_TO_RUN - 1, Severity.PROBLEM)],
)
def test_a_disk_is_enough_tight_or_full(
    free: int, severity: Severity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_free(monkeypatch, free)
    (disk, *_) = disk_findings({"FRAUDSTREAM_HOME": str(tmp_path / "not" / "there" / "yet")})

    assert disk.severity is severity
    assert str(tmp_path) in disk.seen


def test_the_demo_refuses_a_full_disk_and_says_how_much_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_free(monkeypatch, 12 * MIB)

    with pytest.raises(ConfigurationError, match=r"has 12 MiB left and the demo needs 512: free some space"):
        require_room(tmp_path)


def test_a_taken_port_is_told_with_who_has_it(taken_port: int, tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text(f'{{"kafka": {taken_port}}}', encoding="utf-8")
    found = port_finding(tmp_path)

    assert found.severity is Severity.PROBLEM
    assert found.prevents == (Way.DEMO,)
    assert f"{taken_port} of kafka by " in found.seen
    assert "stop that program" in found.next_step


def test_ports_of_a_running_demo_are_its_own(taken_port: int, tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text(f'{{"kafka": {taken_port}}}', encoding="utf-8")
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "owner").open("w") as guard:
        guard.write("4711")
        guard.flush()
        fcntl.flock(guard, fcntl.LOCK_EX)
        found = port_finding(tmp_path)

    assert found == Finding(Severity.FINE, "demo", f"is running in {tmp_path}, started by process 4711")
    assert owner_of(tmp_path) == ""


def test_an_unfetched_jar_is_a_note_and_names_what_fetches_it(tmp_path: Path) -> None:
    found = {each.subject: each for each in home_findings({"FRAUDSTREAM_CACHE": str(tmp_path)})}

    assert found["jars"].severity is Severity.NOTE
    assert "kafka" in found["jars"].seen
    assert "`make setup` fetches them" in found["jars"].next_step
    assert found["packages"].severity is Severity.FINE
