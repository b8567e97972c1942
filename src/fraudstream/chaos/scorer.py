"""The scorer with failpoints in its Python workers: `python -m fraudstream.chaos.scorer`, in the folder of the orders.

The way in of the matrix alone: whoever scores payments starts `fraudstream score`, which never comes here.
"""

from fraudstream.scoring import session
from fraudstream.scoring.main import score

DAEMON = "fraudstream.chaos.worker_daemon"


def main() -> None:
    """Score until SIGTERM."""
    session.STEADY["spark.python.daemon.module"] = DAEMON
    score()


if __name__ == "__main__":
    main()
