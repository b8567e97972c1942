"""Spark's Python daemon, with everything loaded and compiled before it forks its first worker.

Spark starts it as `python -m fraudstream.scoring.worker_daemon` (`spark.python.daemon.module`). Two habits of
PySpark 4.1 cost more than scoring itself at low rates, and are made cheap here:

- every task calls `importlib.invalidate_caches()`, which reads the directory of each archive on `sys.path` again,
  one of them with thousands of entries; the archives never change while Spark runs;
- every task ends with `gc.collect()`, which walks all that was ever imported; frozen objects are left out.
"""

import gc
import zipimport

from pyspark import daemon

from fraudstream import logs
from fraudstream.scoring import warm_up, worker

LOADED_BEFORE_THE_FORK = (worker,)


def main() -> None:
    """Prepare this process, then serve Spark until it closes standard input."""
    logs.configure("scorer-worker")
    zipimport.zipimporter.invalidate_caches = _keep  # type: ignore[method-assign, assignment]
    warm_up.compile_everything()
    gc.collect()
    gc.freeze()
    daemon.manager()


def _keep(_archive: zipimport.zipimporter) -> None:
    """Instead of reading an archive's directory again."""


if __name__ == "__main__":
    main()
