"""Begin anew: what the demo stored is deleted after a yes, and nothing else."""

import fcntl
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.local.reset import reset


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "rows").write_text("scores", encoding="utf-8")
    (tmp_path / "ports.json").write_text("{}", encoding="utf-8")
    (tmp_path / "mine.txt").write_text("a note", encoding="utf-8")
    return tmp_path


def test_a_yes_deletes_what_was_stored_and_nothing_else(home: Path) -> None:
    asked: list[str] = []

    def yes(question: str) -> bool:
        asked.append(question)
        return True

    assert reset(yes, home) == f"{home} is as before the first demo"
    assert asked == [f"Delete ports.json, postgres in {home}?"]
    assert [path.name for path in home.iterdir()] == ["mine.txt"]
    assert reset(yes, home) == f"nothing is stored in {home}"


def test_a_no_deletes_nothing(home: Path) -> None:
    assert reset(lambda _: False, home) == "nothing was deleted"
    assert (home / "postgres" / "rows").exists()


def test_a_running_demo_is_left_alone(home: Path) -> None:
    (home / "run").mkdir()
    with (home / "run" / "owner").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        with pytest.raises(ConfigurationError, match="the demo is running"):
            reset(lambda _: True, home)
