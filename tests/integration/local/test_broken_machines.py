"""The demo on machines where it cannot run: one sentence with the next step and an exit status, no traceback."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fraudstream import cli
from fraudstream.local.doctor import examine
from fraudstream.local.findings import Severity

pytestmark = pytest.mark.integration

Told = Callable[[], str]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Told]:
    """What `fraudstream demo` says before it ends with status 2."""
    monkeypatch.setenv("FRAUDSTREAM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "argv", ["fraudstream", "demo", "--seconds", "10"])
    before = signal.getsignal(signal.SIGTERM)

    def run() -> str:
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr().err
        assert ended.value.code == 2, said
        assert said.startswith("fraudstream: ")
        assert said.count("\n") == 1
        return said

    yield run
    signal.signal(signal.SIGTERM, before)


def java_of(version: str, folder: Path) -> Path:
    java = folder / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    return java.parent.parent


def problem(subject: str) -> str:
    (found,) = [each for each in examine(dict(os.environ)) if each.subject == subject]
    assert found.severity is Severity.PROBLEM
    return f"{found.seen} {found.next_step}"


def test_without_java(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)

    for said in (told(), problem("Java")):
        assert "Java was not found" in said
        assert "install Java 17 or 21" in said


def test_with_another_java(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(java_of("25.0.1", tmp_path)))

    for said in (told(), problem("Java")):
        assert "JAVA_HOME gives Java 25" in said
        assert "install Java 17 or 21" in said


def test_with_a_port_taken(told: Told, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "ports.json").write_text(f'{{"kafka": {port}}}', encoding="utf-8")

        for said in (told(), problem("ports of the demo")):
            assert str(port) in said
            assert f"process {os.getpid()}" in said
            assert "stop that program, or delete" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own is mounted by root alone")
def test_with_a_full_disk(told: Told, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(home)], check=True, timeout=10)
    try:
        for said in (told(), problem("disk")):
            assert str(home) in said
            assert "FRAUDSTREAM_HOME" in said
    finally:
        subprocess.run(["umount", str(home)], check=True, timeout=10)


def test_with_a_docker_engine_that_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo needs none, so the doctor only notes it; what needs one says so."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    (docker,) = [each for each in examine(dict(os.environ)) if each.subject == "Docker"]

    assert docker.severity is Severity.NOTE
    assert docker.seen.startswith("no engine answers")
    assert "`make demo` needs none" in docker.next_step
