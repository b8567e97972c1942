"""The live stream: a world's payments and labels, at a pace."""

from dataclasses import dataclass, field

import structlog

from fraudstream.clock import Clock
from fraudstream.heartbeat import Heartbeat
from fraudstream.producer.bookmark import BookmarkKeeper
from fraudstream.producer.pace import Pace
from fraudstream.producer.progress import Progress
from fraudstream.producer.requests import Requests
from fraudstream.producer.scripted import ScriptedFrauds
from fraudstream.producer.sending import Sender
from fraudstream.producer.timeline import Timeline

GROUP = 2_000
"""Payments journalled with one fsync and sent together at the most."""
TICK = 0.01
"""Seconds of rest when nothing is due."""


@dataclass(frozen=True)
class Limits:
    """Where a stream ends: after so many payments, after so many seconds, or when it is stopped."""

    count: int | None = None
    seconds: float | None = None

    def left(self, payments: int) -> int:
        """Payments that may still be sent in one group."""
        return GROUP if self.count is None else min(GROUP, self.count - payments)

    def reached(self, payments: int, elapsed: float) -> bool:
        """Whether the stream is over."""
        return (self.count is not None and payments >= self.count) or (
            self.seconds is not None and elapsed >= self.seconds
        )


@dataclass
class LiveStream:
    """Sends what is due, group by group, until a limit is reached or a stop is asked for."""

    timeline: Timeline
    sender: Sender
    pace: Pace
    limits: Limits
    requests: Requests
    frauds: ScriptedFrauds
    bookmark: BookmarkKeeper
    progress: Progress
    clock: Clock
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    _told: bool = False

    def run(self) -> None:
        """Send; returns once everything is handed over, acknowledged or not."""
        payments = 0
        while not self.requests.stop and not self.limits.reached(payments, self.pace.elapsed()):
            self._play_frauds()
            most = self.pace.allowance(payments, self.limits.left(payments))
            now = self.clock.now()
            horizon = self.pace.horizon()
            batch = self.timeline.due(most, horizon)
            if batch.records:
                self.sender.send(batch.records)
                self.frauds.note(batch.records, now)
                payments += batch.payments
                self.bookmark.reached(self.timeline.moment)
            else:
                if most and horizon >= now:
                    self._tell_that_it_caught_up()
                self.sender.poll()
                self.clock.sleep(TICK)
            self.heartbeat.beat()
            self.progress.report(self.sender.summary, payments, self.timeline.moment)

    def _play_frauds(self) -> None:
        while self.requests.frauds:
            self.requests.frauds -= 1
            self.timeline.add(self.frauds.play(self.timeline.moment))

    def _tell_that_it_caught_up(self) -> None:
        if not self._told:
            self._told = True
            structlog.get_logger().info(
                "the simulated clock has reached the present; from here on it runs in real time",
                advice="start earlier (--start) or simulate more customers for a longer fast stream",
            )
