"""What somebody outside asks of a running producer, by signal."""

import signal
from dataclasses import dataclass
from types import FrameType


@dataclass
class Requests:
    """Wishes that the sending loop looks at between two batches."""

    stop: bool = False
    frauds: int = 0
    """Scripted frauds that are asked for and not yet played."""


def listen() -> Requests:
    """SIGTERM and SIGINT ask for an orderly end (a second one of the same kind ends at once), SIGUSR1 for a fraud."""
    requests = Requests()

    def stop(number: int, _: FrameType | None) -> None:
        requests.stop = True
        signal.signal(number, signal.SIG_DFL)

    def play(_: int, __: FrameType | None) -> None:
        requests.frauds += 1

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGUSR1, play)
    return requests
