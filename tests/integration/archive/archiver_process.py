"""`fraudstream archive run --once` that is killed after its n-th change of the world: `archiver_process.py [N]`."""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from fraudstream.adapters.aws.objects import S3Objects
from fraudstream.adapters.database.archive_store import PostgresArchiveLedger
from fraudstream.archive.main import run

CHANGES: tuple[tuple[type, str], ...] = (
    (S3Objects, "put"),
    (PostgresArchiveLedger, "record"),
    (S3Objects, "replace"),
    (PostgresArchiveLedger, "mark_listed"),
)


def deadly(change: Callable[..., Any], counter: "itertools.count[int]", last: int) -> Callable[..., Any]:
    def changed(*arguments: object, **named: object) -> object:
        result = change(*arguments, **named)
        if next(counter) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return changed


if __name__ == "__main__":
    if len(sys.argv) > 1:
        steps = itertools.count(1)
        for owner, name in CHANGES:
            setattr(owner, name, deadly(getattr(owner, name), steps, int(sys.argv[1])))
    sys.exit(0 if run(once=True) else 1)
