"""Where clients of a broker end.

librdkafka aborts the process that destroys a client on one of the client's own threads. Python's garbage collector runs
on whichever thread allocates, and such a thread does: it asks for tokens, and takes the answers to an administrator.
"""

import atexit
import queue
import threading
import weakref

LONGEST_END = 5.0
"""Seconds that an ending process waits for the clients it has done with."""

_ended: "queue.SimpleQueue[object]" = queue.SimpleQueue()
"""Held by nobody else; a put is safe wherever the collector runs."""
_starting = threading.Lock()
_destroyer: threading.Thread | None = None


def end_with(owner: object, client: object) -> None:
    """Keep a client for as long as its owner lives, and have it destroyed on a thread that is not its own.

    Args:
        owner: whoever uses it; neither the client nor its callbacks may hold it.
        client: of librdkafka, held by this owner alone.
    """
    _start()
    weakref.finalize(owner, _ended.put, client).atexit = False


def _start() -> None:
    """Once for each process: a forked one has none of its parent's threads."""
    global _destroyer  # noqa: PLW0603 - one for all clients
    with _starting:
        if _destroyer is None or not _destroyer.is_alive():
            _destroyer = threading.Thread(target=_destroy, name="clients of Kafka that end", daemon=True)
            _destroyer.start()


def _destroy() -> None:
    while _ended.get() is not None:
        pass


@atexit.register
def _finish() -> None:
    if _destroyer is not None and _destroyer.is_alive():
        _ended.put(None)
        _destroyer.join(LONGEST_END)
