"""moto's server, allowed as many open files as it may have (an object of S3 that is not small is one), and hurried."""

import logging
import resource

from moto import backends
from moto.server import main
from werkzeug.serving import WSGIRequestHandler

MOST_FILES = 65_536
"""Enough for months of the archive; some systems name no limit, and refuse that one is asked for."""


def allow_many_files() -> None:
    """Raise this process's limit of open files as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def hurry() -> None:
    """Leave out of each answer a line of log, a wait for more to send, and a look through moto's folder."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    WSGIRequestHandler.disable_nagle_algorithm = True
    names = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: names


if __name__ == "__main__":
    allow_many_files()
    hurry()
    main()
