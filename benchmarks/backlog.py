"""An hour's backlog: how fast it is drained, and what memory the scorer takes meanwhile."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.payments import city_for
from benchmarks.stand import SCORER, SERVERS, Stand, opened_stand
from benchmarks.usage import Sampler
from fraudstream.local.processes import Process
from fraudstream.progress import Progress

POLL = 0.1
"""Seconds between two looks at the committed positions."""
STALLED = 120.0
"""Seconds without a commit after which a drain has failed."""
TENTHS = 10


@dataclass(frozen=True)
class Drain:
    """A backlog of `payments` records, drained: moments (seconds) and positions of each look at them, and the cost."""

    payments: int
    moments: list[float]
    scored: list[int]
    megabytes: list[float]
    cpu_seconds: dict[str, float]

    @property
    def rate(self) -> float:
        """Payments a second, without the first tenth, in which Java compiles."""
        begin = int(np.searchsorted(self.scored, self.payments / TENTHS))
        return (self.scored[-1] - self.scored[begin]) / (self.moments[-1] - self.moments[begin])

    @property
    def tenths(self) -> list[float]:
        """Payments a second in each tenth of the backlog."""
        marks = np.linspace(self.scored[0], self.scored[-1], TENTHS + 1)
        return [
            float(step / (b - a)) for step, (a, b) in zip(np.diff(marks), pairwise(self._moments(marks)), strict=True)
        ]

    @property
    def core_seconds_per_million(self) -> float:
        """Processor seconds of scorer, broker and database for a million payments."""
        return sum(self.cpu_seconds.values()) / self.payments * 1e6

    def _moments(self, marks: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float]:
        return [float(moment) for moment in np.interp(marks, self.scored, self.moments)]


def drain(stand: Stand, scorer: Process, end: int, *, begin: int = 0) -> Drain:
    """Watch a scorer that was just started until everything in the log is committed.

    Args:
        stand: where.
        scorer: the process.
        end: how many records stand in the log.
        begin: how many of them were scored before.

    Raises:
        ProcessEnded: the scorer ended by itself.
        TimeoutError: no commit for two minutes.
    """
    moments, scored, last = [time.monotonic()], [begin], time.monotonic()
    looks_before = 0
    with Sampler(lambda: stand.pids(SCORER, *SERVERS)) as sampler, Progress("payments of the backlog scored") as bar:
        while scored[-1] < end:
            time.sleep(POLL)
            if not scorer.is_running():
                raise scorer.ended()
            now, place = time.monotonic(), stand.scored()
            if place > scored[-1]:
                moments.append(now)
                scored.append(place)
                last = now
            elif len(scored) == 1:
                moments, looks_before = [now], len(sampler.samples)
            if now - last > STALLED:
                raise TimeoutError(f"positions stand at {place:,} of {end:,} for {STALLED:.0f} seconds")
            bar.report(place, end)
    return Drain(
        end - begin,
        moments,
        [place - begin for place in scored],
        sampler.megabytes(SCORER)[looks_before:],
        sampler.cpu_seconds(),
    )


def measure_backlog(payments: int, now: float, settings: Mapping[str, str]) -> Drain:
    """Train, fill the log while nobody scores, and drain it."""
    with opened_stand(city_for(payments, now=now)) as stand:
        print(stand.train())
        begun = time.monotonic()
        filled = stand.fill(stand.city.records(payments))
        print(f"{filled:,} payments stand in the log after {time.monotonic() - begun:.0f} s; the scorer starts")
        return drain(stand, stand.start_scorer(**settings), filled)


def told(measured: Drain) -> str:
    """The result as a person reads it."""
    memory = measured.megabytes
    begin = memory[len(memory) // TENTHS :]
    tenths = ", ".join(f"{rate / 1e3:.1f}" for rate in measured.tenths)
    seconds = measured.moments[-1] - measured.moments[0]
    used = ", ".join(f"{name} {spent:.0f} s" for name, spent in measured.cpu_seconds.items())
    return f"""\
{measured.payments:,} payments in {seconds:.1f} s from the first commit on
{measured.rate:,.0f} a second after the first tenth; thousands a second by tenth: {tenths}
{measured.core_seconds_per_million:.1f} processor seconds per million ({used})
memory of the scorer with its workers: {begin[0]:.0f} MB after the first tenth of the time, {memory[-1]:.0f} MB at the \
end, {max(memory):.0f} MB at the most"""
