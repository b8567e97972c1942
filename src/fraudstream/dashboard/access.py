"""Who may sign in: passwords, sessions, and a limit to guessing. What a browser holds is stored nowhere in clear."""

import contextlib
import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fraudstream.adapters.database.account_store import Account, PostgresAccounts, Standing
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.errors import ImpossibleRequest

FIRST_ADMIN = "admin"
TOKEN_BYTES = 32
SECRET_BYTES = 15
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
"""Characters; hashing more would be a way to keep the page busy."""
GUESSES = 5
GUESSES_OF_ADDRESS = 20
"""Failed sign-ins of an account, and from an address, within `WINDOW`; further ones are not even looked at."""
WINDOW = dt.timedelta(minutes=5)
FAILED = "sign-in failed"
WRONG = "that is not an account and its password"
TOO_MANY = "too many failed sign-ins; wait five minutes"


class SignInRefused(ImpossibleRequest):
    """Tell whoever tried; `status` is HTTP's word for it."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Access:
    """Signs people in and out; any thread may ask."""

    accounts: PostgresAccounts
    hasher: PasswordHasher = field(default_factory=PasswordHasher)

    def first_admin(self) -> str | None:
        """Make the first account, if there is none; returns its one-time secret, which is told nowhere else."""
        if self.accounts.count():
            return None
        try:
            return self.new_account(FIRST_ADMIN, Standing.ADMIN)
        except ImpossibleRequest:  # two first starts at once: the other one tells its secret
            return None

    def new_account(self, name: str, standing: Standing) -> str:
        """Make an account; returns its one-time secret.

        Raises:
            ImpossibleRequest: the name is taken or is none.
        """
        if not (name.isascii() and name.replace("-", "").replace(".", "").isalnum() and len(name) <= 40):  # noqa: PLR2004
            raise ImpossibleRequest("a name has up to 40 letters, digits, dots and hyphens")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        self.accounts.add(name, standing, self.hasher.hash(secret))
        return secret

    def new_secret(self, name: str) -> str:
        """Give an account a new one-time secret; whoever is signed in with the old one is no longer.

        Raises:
            ImpossibleRequest: there is no such account.
        """
        account = self.accounts.find(name)
        if account is None:
            raise ImpossibleRequest(f"there is no account {name}")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        self.accounts.set_password(account, self.hasher.hash(secret), one_time=True)
        return secret

    def sign_in(self, name: str, password: str, address: str) -> tuple[Account, str]:
        """Returns the account and the token that its browser is given.

        Raises:
            SignInRefused: wrong name or password, a disabled account, or too many tries.
        """
        of_account, of_address = self.accounts.failures(name[:40], address, action=FAILED, within=WINDOW)
        if of_account >= GUESSES or of_address >= GUESSES_OF_ADDRESS:
            raise SignInRefused(429, TOO_MANY)
        account = self.accounts.find(name)
        # An unknown name takes as long as a wrong password, or names could be found by the clock.
        known = account.password_hash if account else self.hasher.hash(secrets.token_urlsafe(SECRET_BYTES))
        if not self._fits(known, password[:LONGEST_PASSWORD]) or account is None or account.disabled:
            self.accounts.note(name[:40], address, FAILED)
            raise SignInRefused(403, WRONG)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.accounts.begin_session(account, digest_of(token), secrets.token_urlsafe(TOKEN_BYTES))
        self.accounts.note(account.name, address, "signed in")
        return account, token

    def change_password(self, account: Account, old: str, new: str) -> None:
        """Let an account have another password; every session of it ends.

        Raises:
            ImpossibleRequest: the old one is wrong, or the new one too short, too long, or the same.
        """
        if not self._fits(account.password_hash, old[:LONGEST_PASSWORD]):
            raise ImpossibleRequest("that is not the password until now")
        if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD or new == old:
            raise ImpossibleRequest(
                f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, and is another one than before"
            )
        self.accounts.set_password(account, self.hasher.hash(new), one_time=False)

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self.hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def first_secret(url: str) -> str | None:
    """The one-time secret of the first admin, made now if the database at this URL of the page's role has no account.

    Raises:
        TemporarilyUnavailable: the database did not answer.
    """
    with contextlib.closing(ConnectionPool(url, application="fraudstream dashboard", size=1)) as pool:
        return Access(PostgresAccounts(pool)).first_admin()


def digest_of(token: str) -> str:
    """What is stored of a browser's token."""
    return hashlib.sha256(token.encode()).hexdigest()
