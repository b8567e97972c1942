"""Tokens by which machines use the page's API: what is stored of them, and who made and withdrew them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg2 import errors

from fraudstream.adapters.database.account_store import Standing
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.errors import ImpossibleRequest


@dataclass(frozen=True)
class ApiToken:
    """One token; `used_at` is when it was last used, to a minute."""

    token_id: int
    name: str
    standing: Standing
    created_by: str
    created_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None
    used_at: dt.datetime | None

    def state(self, now: dt.datetime) -> str:
        """A word for people: active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if now < self.expires_at else "expired"


_COLUMNS = "token_id, name, role, created_by, created_at, expires_at, revoked_at, used_at"
_ADD = """
INSERT INTO api_tokens (name, role, token_hash, created_by, expires_at)
VALUES (%s, %s, %s, %s, clock_timestamp() + %s)
"""
_HOLDER = f"""
SELECT {_COLUMNS}, coalesce(used_at < clock_timestamp() - interval '1 minute', true) FROM api_tokens
WHERE token_hash = %s AND revoked_at IS NULL AND expires_at > clock_timestamp()
"""  # noqa: S608 - constants
_REVOKE = "UPDATE api_tokens SET revoked_at = clock_timestamp() WHERE name = %s AND revoked_at IS NULL"


class PostgresApiTokens:
    """Every method raises `TemporarilyUnavailable` if the database does not answer."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def add(self, name: str, standing: Standing, token_hash: str, *, by: str, lasts: dt.timedelta) -> None:
        """Store a new token's digest.

        Raises:
            ImpossibleRequest: a token that is not revoked has this name.
        """
        try:
            with self._pool.transaction() as cursor:
                cursor.execute(_ADD, (name, standing.value, token_hash, by, lasts))
        except errors.UniqueViolation as error:
            raise ImpossibleRequest(f"there is a token {name} already; revoke it first, or choose a name") from error

    def holder(self, token_hash: str) -> ApiToken | None:
        """The token of this digest, if it is neither revoked nor expired; that it was used is written down."""
        with self._pool.transaction() as cursor:
            cursor.execute(_HOLDER, (token_hash,))
            row = cursor.fetchone()
            if row is None:
                return None
            found = _token(row[:-1])
            if row[-1]:
                cursor.execute(
                    "UPDATE api_tokens SET used_at = clock_timestamp() WHERE token_id = %s", (found.token_id,)
                )
        return found

    def everything(self) -> Sequence[ApiToken]:
        """Every token there ever was, the newest first."""
        with self._pool.transaction() as cursor:
            cursor.execute(f"SELECT {_COLUMNS} FROM api_tokens ORDER BY token_id DESC")  # noqa: S608 - constants
            return [_token(row) for row in cursor]

    def revoke(self, name: str) -> None:
        """Let a token open nothing from now on.

        Raises:
            ImpossibleRequest: no token of this name is there to revoke.
        """
        with self._pool.transaction() as cursor:
            cursor.execute(_REVOKE, (name,))
            if not cursor.rowcount:
                raise ImpossibleRequest(f"there is no token {name} to revoke")


def _token(row: tuple[object, ...]) -> ApiToken:
    token_id, name, role, *rest = row
    return ApiToken(int(str(token_id)), str(name), Standing(str(role)), *rest)  # type: ignore[arg-type]
