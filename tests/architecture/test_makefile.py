"""What needs a running stack says so before anything else, and what starts one ends as the start did."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(target: str, folder: Path, docker: str) -> subprocess.CompletedProcess[str]:
    """Run a target with this shell script in the place of `docker`; it finds its words in `$*`."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{docker}\n", encoding="utf-8")
    program.chmod(0o755)
    path = f"{folder}:/usr/bin:/bin"
    return subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=ROOT,
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("target", ["verify", "top", "fraud", "psql", "logs", "token", "secret"])
def test_a_stopped_stack_is_named_with_what_starts_it(target: str, tmp_path: Path) -> None:
    done = make(target, tmp_path, 'case "$*" in "compose ps"*) ;; *) echo "asked: $*" ;; esac')

    assert done.returncode == 2
    assert done.stderr.startswith("the stack is not running; `make up` starts it\n")
    assert "asked" not in done.stdout


def test_an_engine_that_does_not_answer_speaks_for_itself(tmp_path: Path) -> None:
    done = make("verify", tmp_path, 'echo "no engine" >&2; exit 1')

    assert done.returncode == 2
    assert "no engine" in done.stderr
    assert "the stack is not running" not in done.stderr


@pytest.mark.parametrize("target", ["up", "up-lite"])
def test_without_an_engine_the_stack_is_not_begun(target: str, tmp_path: Path) -> None:
    done = make(target, tmp_path, 'case "$*" in version) exit 1 ;; *) echo "asked: $*" ;; esac')

    assert done.returncode == 2
    assert "no Docker engine answers: start it" in done.stderr
    assert "`make demo`, which needs none" in done.stderr
    assert "asked" not in done.stdout


def test_nothing_is_deleted_before_somebody_at_the_terminal_agrees(tmp_path: Path) -> None:
    """Where nobody can be asked, the command is the answer."""
    done = make("reset", tmp_path, 'echo "asked: $*"')

    assert done.returncode == 0
    assert "asked: compose --profile * down --volumes" in done.stdout


def test_containers_are_stopped_without_their_volumes(tmp_path: Path) -> None:
    done = make("down", tmp_path, 'echo "asked: $*"')

    assert done.stdout == "asked: compose --profile * down\n"


@pytest.mark.parametrize("target", ["verify", "top", "fraud", "psql", "logs", "token", "secret"])
def test_on_a_running_stack_it_is_done(target: str, tmp_path: Path) -> None:
    done = make(target, tmp_path, 'case "$*" in "compose ps"*) echo c0ffee ;; *) echo "asked: $*" ;; esac')

    assert done.returncode == 0
    assert "asked: compose" in done.stdout


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (1, 2)])
def test_a_start_without_an_alert_is_a_failed_one(status: int, expected: int, tmp_path: Path) -> None:
    done = make("up", tmp_path, f'case "$*" in *--wait*) exit 9 ;; "wait "*) echo {status} ;; *) echo c0ffee ;; esac')

    assert done.returncode == expected
