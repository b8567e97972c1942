"""Whether the stack lives: what has been committed, notified and learnt so far, and how long until there is more."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from fraudstream.adapters.database.vitals import Vitals, look
from fraudstream.clock import Clock
from fraudstream.errors import FraudstreamError

POLL_SECONDS = 0.1


class Sign(Enum):
    """What must move again after a fault."""

    COMMITS = "commits"
    NOTIFICATIONS = "notifications"
    LABELS = "labels"


class StandsStill(FraudstreamError):  # noqa: N818 - says what happened
    """Stop: what was disturbed did not come to life again in time."""


@dataclass
class Pulse:
    """Looks at the database; `attend` is called between two looks, to start again what has died.

    Args:
        url: of the database, for a role that may read.
        clock: the time.
        attend: keeps the stack running.
    """

    url: str
    clock: Clock
    attend: Callable[[], object]

    def look(self) -> Vitals | None:
        """The vitals now; nothing while the database does not answer."""
        return look(self.url)

    def until_more(self, sign: Sign, *, timeout: float) -> float:
        """Wait until there is more of it than now; returns the seconds that took.

        Raises:
            StandsStill: there was no more within `timeout` seconds.
        """
        begun, before = self.clock.monotonic(), None
        while (elapsed := self.clock.monotonic() - begun) < timeout:
            self.attend()
            vitals = self.look()
            if vitals is not None:
                now = _number(vitals, sign)
                before = now if before is None else before
                if now > before:
                    return elapsed
            self.clock.sleep(POLL_SECONDS)
        raise StandsStill(f"no new {sign.value} for {timeout:.0f} s after a fault; the logs of the parts say more")

    def until_scored(self, payments: int, *, timeout: float) -> None:
        """Wait until so many more payments are scored.

        Raises:
            StandsStill: they were not within `timeout` seconds.
        """
        deadline, goal = self.clock.monotonic() + timeout, None
        while self.clock.monotonic() < deadline:
            self.attend()
            vitals = self.look()
            if vitals is not None:
                goal = vitals.scored + payments if goal is None else goal
                if vitals.scored >= goal:
                    return
            self.clock.sleep(POLL_SECONDS)
        raise StandsStill(f"{payments:,} payments were not scored within {timeout:.0f} s")


def _number(vitals: Vitals, sign: Sign) -> int:
    return {
        Sign.COMMITS: vitals.newest_slice,
        Sign.NOTIFICATIONS: vitals.notifications,
        Sign.LABELS: vitals.labels,
    }[sign]
