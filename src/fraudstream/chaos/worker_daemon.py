"""Spark's Python daemon with failpoints around each slice; orders stand in the folder it was started in.

`chaos.scorer` alone has Spark start this one. The scorer's own daemon knows nothing of it.
"""

from pathlib import Path
from typing import cast

from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.chaos.armed import ArmedStore, OrderBook
from fraudstream.scoring import worker, worker_daemon

STORE = "PostgresSliceStore"


def main() -> None:
    """Put the failpoints in place, then do what the scorer's daemon does."""
    book = OrderBook(Path.cwd())

    def armed(url: str, *, application: str) -> PostgresSliceStore:
        return cast("PostgresSliceStore", ArmedStore(PostgresSliceStore(url, application=application), book))

    setattr(worker, STORE, armed)
    worker_daemon.main()


if __name__ == "__main__":
    main()
