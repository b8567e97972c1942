"""Tokens for machines: made once, shown once, good for one role until a day, and withdrawn by name."""

import contextlib
import datetime as dt
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from fraudstream.adapters.database.account_store import PostgresAccounts, Standing
from fraudstream.adapters.database.api_token_store import ApiToken, PostgresApiTokens
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.dashboard.access import TOKEN_BYTES, digest_of
from fraudstream.errors import ImpossibleRequest
from fraudstream.settings import DashboardSettings

PREFIX = "fst_"
"""What every token begins with, so that scanners of repositories and logs can know one."""
LONGEST_DAYS = 366
USUAL_DAYS = 90
COMMAND_LINE = "the command line"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}", re.ASCII)


@dataclass(frozen=True)
class ApiTokens:
    """Makes, knows and revokes tokens; each change is a line of the audit log."""

    store: PostgresApiTokens
    accounts: PostgresAccounts

    def make(self, name: str, standing: Standing, days: int, *, by: str, address: str) -> str:
        """A new token; this is the only time that anybody sees it.

        Raises:
            ImpossibleRequest: the name is none or taken, or the time too long.
        """
        if not _NAME.fullmatch(name):
            raise ImpossibleRequest("a token's name has up to 40 letters, digits, dots and hyphens")
        if not 1 <= days <= LONGEST_DAYS:
            raise ImpossibleRequest(f"a token lasts 1 to {LONGEST_DAYS} days")
        token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        self.store.add(name, standing, digest_of(token), by=by, lasts=dt.timedelta(days=days))
        self.accounts.note(by, address, "made an API token", name, f"{standing.value}, {days} days")
        return token

    def revoke(self, name: str, *, by: str, address: str) -> None:
        """Withdraw a token.

        Raises:
            ImpossibleRequest: there is none of this name.
        """
        self.store.revoke(name)
        self.accounts.note(by, address, "revoked an API token", name)

    def holder(self, token: str) -> ApiToken | None:
        """Whose token this is, if it opens anything."""
        return self.store.holder(digest_of(token)) if token.startswith(PREFIX) else None


@contextlib.contextmanager
def tokens_here() -> Iterator[ApiTokens]:
    """The tokens of the page that this environment names.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: the database did not answer.
    """
    url = DashboardSettings.load().dashboard_database_url.get_secret_value()
    with contextlib.closing(ConnectionPool(url, application="fraudstream api-token", size=1)) as pool:
        yield ApiTokens(PostgresApiTokens(pool), PostgresAccounts(pool))
