"""Spark's Python daemon, with everything loaded and compiled before it forks its first worker.

Spark starts it as `python -m fraudstream.scoring.worker_daemon` (`spark.python.daemon.module`). Two habits of
PySpark 4.1 cost more than scoring itself at low rates, and are made cheap here:

- every task calls `importlib.invalidate_caches()`, which reads the directory of each archive on `sys.path` again,
  one of them with thousands of entries; the archives never change while Spark runs;
- every task ends with `gc.collect()`, which walks all that was ever imported or loaded; frozen objects are left out:
  what the daemon has, and what a worker's first slice leaves behind, its model and its connection.

As each task ends with it, workers do without the collections in between: they walk the thousands of payments of a
slice again and again, and find nothing.

And a worker to which Spark hangs up, as it does when it is stopped in mid-task, ends without a traceback.
"""

import gc
import zipimport
from collections.abc import Callable
from typing import Any

from pyspark import daemon

from fraudstream import logs
from fraudstream.scoring import warm_up, worker

LOADED_BEFORE_THE_FORK = (worker,)
MANY_OBJECTS = 1_000
"""A slice leaves some ten behind, a loaded model 29,000. What survives in such numbers is there to stay; less is not
frozen, since a frozen cycle is never found again."""


def main() -> None:
    """Prepare this process, then serve Spark until it closes standard input."""
    logs.configure("scorer-worker")
    zipimport.zipimporter.invalidate_caches = _keep  # type: ignore[method-assign, assignment]
    daemon.worker = until_hung_up(keeping_what_stays(daemon.worker))
    warm_up.compile_everything()
    gc.collect()
    gc.freeze()
    gc.disable()
    daemon.manager()


def until_hung_up(work: Callable[..., int]) -> Callable[..., int]:
    """The same work, whose exit code says that it failed where Spark does not read its answer to the end."""

    def quietly(*task: Any) -> int:  # noqa: ANN401 - PySpark's own
        try:
            return work(*task)
        except BrokenPipeError:
            return 1

    return quietly


def keeping_what_stays(work: Callable[..., int]) -> Callable[..., int]:
    """The same work, after which whatever much of it stays is no longer looked through for garbage."""

    def lasting(*task: Any) -> int:  # noqa: ANN401 - PySpark's own
        code = work(*task)
        gc.collect()
        if len(gc.get_objects()) > MANY_OBJECTS:
            gc.freeze()
        return code

    return lasting


def _keep(_archive: zipimport.zipimporter) -> None:
    """Instead of reading an archive's directory again."""


if __name__ == "__main__":
    main()
