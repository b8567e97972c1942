"""What waits to be published, told to Prometheus."""

from dataclasses import dataclass

import structlog

from fraudstream.clock import Clock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import BREAKER_OPEN, HELD, PUBLISHED, UNSENT, UNSENT_AGE
from fraudstream.ports.delivery import OutboxBacklog

EVERY = 5.0
"""Seconds between two looks at the outbox at the least."""

log = structlog.get_logger()


@dataclass
class BacklogShown:
    """Shows on the relay's board what it published and what waits."""

    backlog: OutboxBacklog
    board: Board
    clock: Clock
    _due: float = float("-inf")

    def after(self, published: int) -> None:
        """Tell of a step that published so many messages, and look at the outbox if it is time.

        An outbox that can't be counted is no reason not to publish: the figures stay as they were, and the log says so.
        """
        self.board.count(PUBLISHED, published)
        now = self.clock.monotonic()
        if now < self._due:
            return
        self._due = now + EVERY
        try:
            unsent = self.backlog.unsent()
        except TemporarilyUnavailable as error:
            log.warning("the figures of the outbox are old", error=str(error))
            return
        self.board.set(UNSENT, unsent.due)
        self.board.set(UNSENT_AGE, unsent.oldest)
        self.board.set(HELD, unsent.held)
        self.board.set(BREAKER_OPEN, unsent.held > 0)
