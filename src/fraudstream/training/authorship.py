"""Who a decision is signed by."""

import os
import pwd


def author_of(given: str | None) -> str:
    """The author that was named, or else the login name of this process's user."""
    return given or _login_name()


def _login_name() -> str:
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container runs under a number without a name
        return f"user {number}"
