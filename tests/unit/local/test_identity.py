"""PostgreSQL is never run as root."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.local.identity import CALLER, NAMESPACE, NOBODY, PLAIN, PRIVILEGED, Identity, unprivileged

SERVER = Path("/somewhere/postgres")
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def test_an_ordinary_user_runs_it_as_himself() -> None:
    assert unprivileged(SERVER, euid=1000) is CALLER
    assert CALLER.command(["postgres"]) == ["postgres"]


@pytest.mark.parametrize(
    ("works", "identity"), [("unshare", NAMESPACE), ("ambient-caps", PRIVILEGED), ("setpriv", PRIVILEGED)]
)
def test_root_takes_the_first_way_that_works(works: str, identity: Identity) -> None:
    assert unprivileged(SERVER, euid=0, runs=lambda command: works in " ".join(command)) is identity


def test_root_without_capabilities_to_hand_on_becomes_plain_nobody() -> None:
    def runs(command: Sequence[str]) -> bool:
        return command[0] == "setpriv" and not any("ambient" in word for word in command)

    assert unprivileged(SERVER, euid=0, runs=runs) is PLAIN


def test_root_that_can_be_nobody_else_is_told_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"postgres refuses to run as root.*as an ordinary user"):
        unprivileged(SERVER, euid=0, runs=lambda _command: False)


@ROOT_ONLY
def test_a_folder_is_given_away_whole_and_taken_back(tmp_path: Path) -> None:
    inner = tmp_path / "data" / "base"
    inner.mkdir(parents=True)
    (inner / "file").touch()

    PLAIN.give(tmp_path / "data")
    assert {path.stat().st_uid for path in (tmp_path / "data", inner, inner / "file")} == {NOBODY}
    CALLER.give(tmp_path / "data")
    assert {path.stat().st_uid for path in (tmp_path / "data", inner, inner / "file")} == {0}
