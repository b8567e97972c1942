"""Waiting, within bounds, for what is under way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fraudstream.clock import Clock
from fraudstream.ports.ledger import Ledger, Pending

POLL_SECONDS = 0.25
GRACE_SECONDS = 5.0
"""How long the last notification may be ago before a wait past its deadline is given up."""


@dataclass(frozen=True)
class Told:
    """The alert of each message the subscriber received, and the alerts that are held back."""

    received: Sequence[UUID]
    held: frozenset[UUID]


@dataclass(frozen=True)
class Drain:
    """Waits until a deadline on one clock, all waits together."""

    ledger: Ledger
    clock: Clock
    deadline: float

    def settled(self, topic_id: str, ends: Mapping[int, int]) -> int:
        """Wait until scoring has passed these offsets and their messages are out; returns how many records it has not.

        Only what was there when the wait began is waited for, so a running producer doesn't prolong it.
        """
        pending = self._until(lambda: self.ledger.pending(topic_id), lambda now: not _behind(now, ends))
        known = pending.now
        self._until(
            lambda: self.ledger.pending(topic_id, before=known),
            lambda now: not now.unsent and not now.unnotified,
        )
        return _behind(pending, ends)

    def told(self, wanted: frozenset[UUID]) -> Told:
        """Wait until the subscriber was told of every alert wanted, except for those that are held back.

        Past the deadline the wait goes on for as long as notifications keep arriving. What is held is read first: an
        alert that is let go meanwhile is held or received, and never neither.
        """
        missing: int | None = None
        until = self.deadline
        while True:
            held = frozenset(self.ledger.held())
            received = list(self.ledger.notified())
            before = missing
            missing = len(wanted.difference(received, held))
            if before is not None and missing < before:
                until = max(until, self.clock.monotonic() + GRACE_SECONDS)
            if not missing or not self._wait(until):
                return Told(received, held)

    def _until(self, look: Callable[[], Pending], done: Callable[[Pending], bool]) -> Pending:
        while True:
            pending = look()
            if done(pending) or not self._wait(self.deadline):
                return pending

    def _wait(self, until: float) -> bool:
        """Pause for a moment; false once that time has come."""
        left = until - self.clock.monotonic()
        if left <= 0:
            return False
        self.clock.sleep(min(POLL_SECONDS, left))
        return True


def _behind(pending: Pending, ends: Mapping[int, int]) -> int:
    return sum(max(0, end - pending.next_offsets.get(partition, 0)) for partition, end in ends.items())
