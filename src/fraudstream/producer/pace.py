"""How much may be sent by now: an open loop that catches up, and never runs ahead of the present."""

from fraudstream.clock import Clock


class Pace:
    """Real and simulated time since the stream began, which is when this is made.

    Args:
        clock: real time.
        rate: payments a second, or `None` for as many as there are.
        speed: simulated seconds in a second, or `None` for as many as there are.
        simulated: where the simulated clock stands at the beginning, in seconds since 1970 UTC.
        ramp: seconds in which the rate grows evenly from nothing to `rate`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        rate: float | None,
        speed: float | None = None,
        simulated: float = 0.0,
        ramp: float = 0.0,
    ) -> None:
        self._clock = clock
        self._rate = rate
        self._ramp = ramp
        self._speed = speed
        self._simulated = simulated
        self._began = clock.monotonic()

    def elapsed(self) -> float:
        """Real seconds since the beginning."""
        return self._clock.monotonic() - self._began

    def allowance(self, sent: int, most: int) -> int:
        """How many payments may follow on `sent` now; what a stall left undone is made up for, `most` at a time."""
        if self._rate is None:
            return most
        return max(0, min(most, int(self._full_seconds() * self._rate) + 1 - sent))

    def _full_seconds(self) -> float:
        """Seconds at the full rate in which as much would have been sent as is due by now."""
        elapsed = self.elapsed()
        if elapsed < self._ramp:
            return elapsed * elapsed / (2 * self._ramp)
        return elapsed - self._ramp / 2

    def horizon(self) -> float:
        """The simulated clock, in seconds since 1970 UTC; it never passes the real one."""
        now = self._clock.now()
        if self._speed is None:
            return now
        return min(now, self._simulated + self.elapsed() * self._speed)
