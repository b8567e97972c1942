"""What became of the records of a run, told to Prometheus."""

from dataclasses import dataclass, field

from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import ACKNOWLEDGED, PRODUCER_OPEN, SENT, UNDELIVERED, WORKED_AT
from fraudstream.producer.sending import Summary


@dataclass
class SendingFigures:
    """Shows accounts of one run as they grow."""

    board: Board
    _shown: Summary = field(default_factory=lambda: Summary(0, 0, 0))

    def show(self, summary: Summary, now: float) -> None:
        """Bring the board up to date with an account, as of `now` in seconds since 1970 UTC."""
        self.board.count(SENT, summary.sent - self._shown.sent)
        self.board.count(ACKNOWLEDGED, summary.acknowledged - self._shown.acknowledged)
        self.board.count(UNDELIVERED, summary.failed - self._shown.failed)
        self.board.set(PRODUCER_OPEN, summary.unknown)
        self.board.set(WORKED_AT, now)
        self._shown = summary
