"""Waiting, within bounds, for what is under way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fraudstream.clock import Clock
from fraudstream.ports.ledger import Ledger, Pending
from fraudstream.progress import Report, unreported

POLL_SECONDS = 0.25
GRACE_SECONDS = 10.0
"""How long no notification may arrive before those that are missing count as missing, whatever the deadline."""
LONGEST_DELIVERY = 900.0
"""Seconds past the deadline after which the wait ends although notifications still arrive."""


@dataclass(frozen=True)
class Told:
    """The alert of each message the subscriber received, and the alerts that are held back.

    `arriving`: some are still missing, and the wait for them ended while others kept arriving.
    """

    received: Sequence[UUID]
    held: frozenset[UUID]
    arriving: bool = False


@dataclass(frozen=True)
class Drain:
    """Waits until a deadline on one clock, all waits together."""

    ledger: Ledger
    clock: Clock
    deadline: float
    report: Report = unreported
    """Told how many of the alerts are notified or held."""

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

        Past the deadline the wait goes on for as long as notifications keep arriving, though not for ever; that none
        arrives shows after `GRACE_SECONDS`, so as long is waited in any case. What is held is read first: an alert
        that is let go meanwhile is held or received, and never neither.
        """
        missing = len(wanted) + 1
        until = self.deadline
        end = max(self.deadline, self.clock.monotonic()) + LONGEST_DELIVERY
        while True:
            held = frozenset(self.ledger.held())
            received = list(self.ledger.notified())
            before, missing = missing, len(wanted.difference(received, held))
            if missing < before:
                until = min(max(until, self.clock.monotonic() + GRACE_SECONDS), end)
            self.report(len(wanted) - missing, len(wanted))
            if not missing or not self._wait(until):
                return Told(received, held, arriving=missing > 0 and until == end)

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
