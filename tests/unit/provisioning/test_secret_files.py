"""Secrets are random, made once, readable for their owner alone, and passwords are in the form libpq wants."""

from pathlib import Path

import pytest

from fraudstream.adapters.database.roles import Role
from fraudstream.analyst.token_file import read_or_make_token, token_file
from fraudstream.errors import ConfigurationError
from fraudstream.provisioning.secret_files import ADMINISTRATOR, ANALYST, read_passwords, write_secrets


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def everything(folder: Path) -> dict[str, str]:
    return dict(read_passwords(folder / "database" / "pgpass"))


def test_every_role_gets_a_password_of_its_own(tmp_path: Path) -> None:
    assert write_secrets(tmp_path)

    passwords = everything(tmp_path)
    assert set(passwords) == {ADMINISTRATOR, *Role}
    assert len(set(passwords.values())) == len(passwords)
    assert min(map(len, passwords.values())) >= 40


def test_a_role_finds_its_own_password_and_no_other(tmp_path: Path) -> None:
    write_secrets(tmp_path)

    assert read_passwords(tmp_path / Role.SCORER / "pgpass") == {Role.SCORER: everything(tmp_path)[Role.SCORER]}


def test_the_analysts_page_finds_the_readers_too(tmp_path: Path) -> None:
    write_secrets(tmp_path)

    assert read_passwords(tmp_path / Role.DASHBOARD / "pgpass").keys() == {Role.DASHBOARD, Role.READER}


def test_files_are_for_their_owner_but_the_one_a_foreign_image_reads(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert {path: mode(path) for path in files if path.name == "pgpass" and mode(path) != 0o600} == {}
    assert mode(tmp_path / "postgres" / "password") == 0o444
    assert (tmp_path / "postgres" / "password").read_text() == everything(tmp_path)[ADMINISTRATOR]


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    before, token = everything(tmp_path), token_file(tmp_path / ANALYST).read_text()

    assert not write_secrets(tmp_path)
    assert everything(tmp_path) == before
    assert token_file(tmp_path / ANALYST).read_text() == token


def test_a_volume_of_an_earlier_version_gets_the_token_it_lacks(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    before = everything(tmp_path)
    token_file(tmp_path / ANALYST).unlink()

    assert write_secrets(tmp_path)
    assert everything(tmp_path) == before
    assert mode(token_file(tmp_path / ANALYST)) == 0o600
    assert len(read_or_make_token(tmp_path / ANALYST)) >= 40


def test_a_role_that_is_new_is_added_and_the_others_stay(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    complete = tmp_path / "database" / "pgpass"
    before = everything(tmp_path)
    complete.write_text("".join(line + "\n" for line in complete.read_text().splitlines() if Role.INBOX not in line))

    assert write_secrets(tmp_path)
    after = everything(tmp_path)
    assert after[Role.INBOX] != before[Role.INBOX]
    assert {name: after[name] for name in after if name != Role.INBOX} == {
        name: before[name] for name in before if name != Role.INBOX
    }


def test_the_password_of_a_server_that_is_there_is_taken_as_it_is(tmp_path: Path) -> None:
    write_secrets(tmp_path, administrator_password="a:b\\c")

    assert everything(tmp_path)[ADMINISTRATOR] == "a:b\\c"
    assert (tmp_path / "database" / "pgpass").read_text().startswith("*:*:*:postgres:a\\:b\\\\c\n")


def test_another_password_than_before_is_refused_without_naming_it(tmp_path: Path) -> None:
    write_secrets(tmp_path, administrator_password="first")

    with pytest.raises(ConfigurationError, match="POSTGRES_PASSWORD is not the one") as refused:
        write_secrets(tmp_path, administrator_password="second")
    assert "second" not in str(refused.value)


def test_a_missing_file_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="`fraudstream provision secrets` makes it"):
        read_passwords(tmp_path / "pgpass")
