"""Random secrets as files, one folder for each who needs one: passwords in libpq's own format, the analyst's token."""

import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from fraudstream.adapters.database.roles import Role
from fraudstream.analyst.token_file import read_or_make_token, token_file
from fraudstream.errors import ConfigurationError

ADMINISTRATOR = "postgres"
EVERYTHING = "database"
"""Folder of the one file with all passwords, for whoever makes the roles."""
ANALYST = "analyst"
"""Folder of the token that the analyst's service asks for."""
SCORING_API = "scoring-api"
"""The same of the scoring API."""
BESIDE = {Role.DASHBOARD: (Role.READER,)}
"""Roles that a process works as besides its own: the analyst's page reads as the reader."""
PASSWORD_BYTES = 32
PGPASS = "pgpass"


def write_secrets(folder: Path, *, administrator_password: str | None = None) -> bool:
    """Make every role's password and the services' tokens, where there are none yet; returns whether any was made.

    Under `folder`, `<role>/pgpass` holds that role's password for libpq's PGPASSFILE, `database/pgpass` holds all of
    them, `postgres/password` the administrator's for a new server, and `<service>/api-token` a token. What is there
    stays as it is, so that a second start fits the database of the first; a new role gets a password of its own.

    Args:
        folder: a folder that exists.
        administrator_password: of a server that exists already; random if `None`.

    Raises:
        ConfigurationError: the folder can't be written, the administrator's password is another one than before, or
            the token is none.
    """
    made = _write_passwords(folder, administrator_password)
    fresh = [name for name in (ANALYST, SCORING_API) if not token_file(folder / name).exists()]
    for name in (ANALYST, SCORING_API):
        read_or_make_token(folder / name)
    return made or bool(fresh)


def _write_passwords(folder: Path, administrator_password: str | None) -> bool:
    complete = folder / EVERYTHING / PGPASS
    known = read_passwords(complete) if complete.exists() else {}
    if administrator_password and known.get(ADMINISTRATOR, administrator_password) != administrator_password:
        raise ConfigurationError(
            f"POSTGRES_PASSWORD is not the one that {folder} was made with: correct it, or begin anew with `make reset`"
        )
    wanted = {name: known.get(name) or secrets.token_urlsafe(PASSWORD_BYTES) for name in (ADMINISTRATOR, *Role)}
    if administrator_password:
        wanted[ADMINISTRATOR] = administrator_password
    if wanted == known:
        return False
    try:
        for role in Role:
            _write(folder / role / PGPASS, _lines({each: wanted[each] for each in (role, *BESIDE.get(role, ()))}))
        _write(folder / ADMINISTRATOR / "password", [wanted[ADMINISTRATOR]], mode=0o444)
        _write(complete, _lines(wanted))
    except OSError as error:
        raise ConfigurationError(
            f"{folder} can't be written ({error.strerror}): is it another user's? Name one that this user may write"
        ) from error
    return True


def read_passwords(pgpass: Path) -> Mapping[str, str]:
    """Password of each role named in a file as `write_secrets` makes it.

    Raises:
        ConfigurationError: there is no such file, or it can't be read.
    """
    try:
        lines = pgpass.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigurationError(
            f"PGPASSFILE={pgpass} can't be read ({error.strerror}); `fraudstream provision secrets` makes it"
        ) from error
    return dict(_entry(line) for line in lines if line)


def _lines(passwords: Mapping[str, str]) -> Iterator[str]:
    """`host:port:database:role:password`; a colon or backslash within is escaped, as libpq wants it."""
    for role, password in passwords.items():
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        yield f"*:*:*:{role}:{escaped}"


def _entry(line: str) -> tuple[str, str]:
    _, _, _, role, password = line.split(":", 4)
    return role, password.replace("\\:", ":").replace("\\\\", "\\")


def _write(path: Path, lines: Iterator[str] | list[str], *, mode: int = 0o600) -> None:
    """Replace a file at once; libpq refuses one that others may read."""
    path.parent.mkdir(mode=0o755, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    unfinished.chmod(mode)
    unfinished.rename(path)
