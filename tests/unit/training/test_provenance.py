"""A model says which code it was trained with."""

import subprocess
from pathlib import Path

import pytest

from fraudstream import __version__
from fraudstream.training.provenance import code_version


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True, timeout=30)

    git("init", "-q")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-q", "-m", "one")
    return tmp_path


def test_a_checkout_names_its_commit(checkout: Path) -> None:
    release, commit = code_version(checkout).split("+")

    assert release == __version__
    assert len(commit) == 12


def test_changed_files_are_told(checkout: Path) -> None:
    (checkout / "file").write_text("two")

    assert code_version(checkout).endswith(".dirty")


def test_outside_a_checkout_the_release_stands_alone(tmp_path: Path) -> None:
    assert code_version(tmp_path) == __version__
