"""Who may sign in to the analyst's page, who is signed in, and what they did: rows that the page alone writes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from psycopg2 import errors
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.errors import ImpossibleRequest

IDLE = dt.timedelta(hours=1)
"""A session that is not used for so long has ended."""
LONGEST = dt.timedelta(hours=12)
"""No session lasts longer."""


class Standing(StrEnum):
    """What somebody may do; each may do what those before it may."""

    VIEWER = "viewer"
    """Looks."""
    ANALYST = "analyst"
    """Decides about alerts."""
    ADMIN = "admin"
    """Changes the model at work, sends records again, makes accounts, and sees who did what."""

    def covers(self, wanted: "Standing") -> bool:
        """Whether this is enough where `wanted` is asked for."""
        order = list(Standing)
        return order.index(self) >= order.index(wanted)


@dataclass(frozen=True)
class Account:
    """One person; `password_hash` is Argon2's own text, and a `one_time` secret is good for one sign-in."""

    account_id: int
    name: str
    standing: Standing
    password_hash: str
    one_time: bool
    disabled: bool


@dataclass(frozen=True)
class Session:
    """A signed-in browser; forms have to send `form_token` back."""

    account: Account
    form_token: str


@dataclass(frozen=True)
class AuditLine:
    """One thing that somebody did."""

    at: dt.datetime
    account: str
    address: str
    action: str
    about: str
    detail: str


_ACCOUNT = "accounts.account_id, accounts.name, role, password_hash, one_time, disabled_at IS NOT NULL"
_SESSION = f"""
UPDATE dashboard_sessions SET seen_at = CASE WHEN %s THEN clock_timestamp() ELSE seen_at END FROM accounts
WHERE accounts.account_id = dashboard_sessions.account_id AND token_hash = %s
    AND ended_at IS NULL AND disabled_at IS NULL
    AND seen_at > clock_timestamp() - %s AND dashboard_sessions.created_at > clock_timestamp() - %s
RETURNING form_token, {_ACCOUNT}
"""  # noqa: S608 - constants
_FAILURES = """
SELECT count(*) FILTER (WHERE account = %(account)s), count(*) FILTER (WHERE address = %(address)s)
FROM audit_log WHERE action = %(action)s AND at > clock_timestamp() - %(within)s
    AND (account = %(account)s OR address = %(address)s)
"""


class PostgresAccounts:
    """Accounts, sessions and the audit log; every method raises `TemporarilyUnavailable` without a database."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def count(self) -> int:
        """How many accounts there are."""
        with self._pool.transaction() as cursor:
            cursor.execute("SELECT count(*) FROM accounts")
            (found,) = cursor.fetchone() or (0,)
        return int(found)

    def find(self, name: str) -> Account | None:
        """The account of this name."""
        with self._pool.transaction() as cursor:
            cursor.execute(f"SELECT {_ACCOUNT} FROM accounts WHERE name = %s", (name,))  # noqa: S608 - constants
            row = cursor.fetchone()
        return None if row is None else _account(row)

    def everybody(self) -> Sequence[Account]:
        """Every account, by name."""
        with self._pool.transaction() as cursor:
            cursor.execute(f"SELECT {_ACCOUNT} FROM accounts ORDER BY name")  # noqa: S608 - constants
            return [_account(row) for row in cursor]

    def add(self, name: str, standing: Standing, password_hash: str) -> None:
        """A new account with a one-time secret.

        Raises:
            ImpossibleRequest: the name is taken.
        """
        try:
            with self._pool.transaction() as cursor:
                cursor.execute(
                    "INSERT INTO accounts (name, role, password_hash, one_time) VALUES (%s, %s, %s, true)",
                    (name, standing.value, password_hash),
                )
        except errors.UniqueViolation as error:
            raise ImpossibleRequest(f"there is an account {name} already") from error

    def set_password(self, account: Account, password_hash: str, *, one_time: bool) -> None:
        """Another secret; whoever is signed in with the old one is no longer."""
        with self._pool.transaction() as cursor:
            cursor.execute(
                "UPDATE accounts SET password_hash = %s, one_time = %s WHERE account_id = %s",
                (password_hash, one_time, account.account_id),
            )
            _end_sessions(cursor, account)

    def set_standing(self, account: Account, standing: Standing, *, disabled: bool) -> None:
        """Another role, or none at all; open sessions end."""
        with self._pool.transaction() as cursor:
            cursor.execute(
                "UPDATE accounts SET role = %s, disabled_at = CASE WHEN %s THEN clock_timestamp() END "
                "WHERE account_id = %s",
                (standing.value, disabled, account.account_id),
            )
            _end_sessions(cursor, account)

    def begin_session(self, account: Account, token_hash: str, form_token: str) -> None:
        """Somebody has signed in."""
        with self._pool.transaction() as cursor:
            cursor.execute(
                "INSERT INTO dashboard_sessions (token_hash, account_id, form_token, seen_at) "
                "VALUES (%s, %s, %s, clock_timestamp())",
                (token_hash, account.account_id, form_token),
            )

    def session(self, token_hash: str, *, renewing: bool = True) -> Session | None:
        """Who holds this token, if the session has neither ended nor expired; `renewing` its idle time."""
        with self._pool.transaction() as cursor:
            cursor.execute(_SESSION, (renewing, token_hash, IDLE, LONGEST))
            row = cursor.fetchone()
        return None if row is None else Session(_account(row[1:]), row[0])

    def end_session(self, token_hash: str) -> None:
        """Somebody has signed out."""
        with self._pool.transaction() as cursor:
            cursor.execute(
                "UPDATE dashboard_sessions SET ended_at = clock_timestamp() WHERE token_hash = %s", (token_hash,)
            )

    def note(self, account: str, address: str, action: str, about: str = "", detail: str = "") -> None:
        """Write down what somebody did."""
        with self._pool.transaction() as cursor:
            cursor.execute(
                "INSERT INTO audit_log (account, address, action, about, detail) VALUES (%s, %s, %s, %s, %s)",
                (account, address, action, about, detail),
            )

    def failures(self, account: str, address: str, *, action: str, within: dt.timedelta) -> tuple[int, int]:
        """How often this action was noted of late, for the account and for the address."""
        asked = {"account": account, "address": address, "action": action, "within": within}
        with self._pool.transaction() as cursor:
            cursor.execute(_FAILURES, asked)
            of_account, of_address = cursor.fetchone() or (0, 0)
        return int(of_account), int(of_address)

    def lines(self, most: int) -> Sequence[AuditLine]:
        """What was done last, the newest first."""
        with self._pool.transaction() as cursor:
            cursor.execute(
                "SELECT at, account, address, action, about, detail FROM audit_log ORDER BY audit_id DESC LIMIT %s",
                (most,),
            )
            return [AuditLine(*row) for row in cursor]


def _account(row: tuple[object, ...]) -> Account:
    account_id, name, role, password_hash, one_time, disabled = row
    return Account(
        int(str(account_id)), str(name), Standing(str(role)), str(password_hash), bool(one_time), bool(disabled)
    )


def _end_sessions(cursor: Cursor, account: Account) -> None:
    cursor.execute(
        "UPDATE dashboard_sessions SET ended_at = clock_timestamp() WHERE account_id = %s AND ended_at IS NULL",
        (account.account_id,),
    )
