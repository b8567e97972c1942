"""The token is made once, is nobody else's to read, and is never taken from a file that is."""

from pathlib import Path

import pytest

from fraudstream.analyst.token_file import read_or_make_token, token_file
from fraudstream.errors import ConfigurationError


def test_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "settings"

    token = read_or_make_token(folder)

    assert len(token) >= 40
    assert token_file(folder).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert read_or_make_token(folder) == token
    assert [path.name for path in folder.iterdir()] == ["api-token"]
    assert read_or_make_token(tmp_path / "b") != token


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    read_or_make_token(tmp_path)
    token_file(tmp_path).chmod(0o640)

    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_or_make_token(tmp_path)


@pytest.mark.parametrize("content", ["", "short\n", "\u00e9" * 40])
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, content: str) -> None:
    token_file(tmp_path).write_text(content)
    token_file(tmp_path).chmod(0o600)

    with pytest.raises(ConfigurationError, match="api-token"):
        read_or_make_token(tmp_path)


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match="can't be read or made"):
        read_or_make_token(tmp_path / "file" / "settings")
