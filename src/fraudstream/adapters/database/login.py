"""Whom a database takes us for."""

from contextlib import closing
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from fraudstream.adapters.database.sessions import connect

WHO = "SELECT current_user::text, coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)"


@dataclass(frozen=True)
class Login:
    """The role, and whether the connection is encrypted."""

    role: str
    encrypted: bool


def try_login(url: str) -> Login:
    """Log in, look, and log out again; raises as `connect`."""
    with closing(connect(url, application="fraudstream doctor")) as connection, connection.cursor() as cursor:
        cursor.execute(WHO)
        role, encrypted = cursor.fetchone() or ("", False)
    return Login(role, bool(encrypted))


def server_of(url: str) -> tuple[str, int]:
    """Host and port of a SQLAlchemy URL."""
    parsed = make_url(url)
    return parsed.host or "", parsed.port or 5432
