"""moto's server with as many open files as it may have: an object of S3 that is not small is one."""

import resource

from moto.server import main

MOST_FILES = 65_536
"""Enough for months of the archive; some systems name no limit, and refuse that one is asked for."""


def allow_many_files() -> None:
    """Raise this process's limit of open files as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


if __name__ == "__main__":
    allow_many_files()
    main()
