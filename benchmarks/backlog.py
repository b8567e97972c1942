"""An hour's backlog: how fast it is drained, and what memory the scorer takes meanwhile."""

import time
from collections.abc import Mapping, Sequence
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
    """A backlog of `payments` records, drained: moments (since 1970) and positions of each look at them, and the cost.

    `cpu_seconds` are those of the payments that count, `start_cpu_seconds` those before the first of them.
    """

    payments: int
    moments: list[float]
    scored: list[int]
    megabytes: list[float]
    cpu_seconds: dict[str, float]
    start_cpu_seconds: float = 0.0
    log_bytes: int = 0
    """Of the database's write-ahead log, for all payments."""

    @property
    def counted(self) -> int:
        """Payments behind the first tenth, in which Java compiles."""
        return self.scored[-1] - self.scored[first_that_counts(self.scored, self.payments)]

    @property
    def rate(self) -> float:
        """Payments a second, of those that count."""
        begin = first_that_counts(self.scored, self.payments)
        return self.counted / (self.moments[-1] - self.moments[begin])

    @property
    def tenths(self) -> list[float]:
        """Payments a second in each tenth of the backlog."""
        marks = np.linspace(self.scored[0], self.scored[-1], TENTHS + 1)
        return [
            float(step / (b - a)) for step, (a, b) in zip(np.diff(marks), pairwise(self._moments(marks)), strict=True)
        ]

    @property
    def core_seconds_per_million(self) -> float:
        """Processor seconds of scorer, broker and database for a million payments, of those that count."""
        return sum(self.cpu_seconds.values()) / self.counted * 1e6

    def _moments(self, marks: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float]:
        return [float(moment) for moment in np.interp(marks, self.scored, self.moments)]


def first_that_counts(scored: Sequence[int], payments: int) -> int:
    """Which look is the first that finds a tenth of the payments scored."""
    return int(np.searchsorted(scored, payments / TENTHS))


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
        SystemExit: there was one commit only.
    """
    moments, scored, last = [time.time()], [begin], time.time()
    with (
        stand.watched() as database,
        Sampler(lambda: stand.pids(SCORER, *SERVERS)) as sampler,
        Progress("payments of the backlog scored") as bar,
    ):
        logged = database.logged()
        while scored[-1] < end:
            time.sleep(POLL)
            if not scorer.is_running():
                raise scorer.ended()
            now, place = time.time(), database.scored()
            if place > scored[-1]:
                moments.append(now)
                scored.append(place)
                last = now
            elif len(scored) == 1:
                moments = [now]
            if now - last > STALLED:
                raise TimeoutError(f"positions stand at {place:,} of {end:,} for {STALLED:.0f} seconds")
            bar.report(place, end)
        logged = database.logged() - logged
    done = [place - begin for place in scored]
    first = first_that_counts(done, end - begin)
    if first == len(done) - 1:
        raise SystemExit(
            f"{end - begin:,} payments were committed at once, so that no rate can be told: take more of them"
        )
    counts = moments[first]
    return Drain(
        end - begin,
        moments,
        done,
        sampler.megabytes(SCORER, moments[0]),
        sampler.cpu_seconds(counts, moments[-1]),
        sum(sampler.cpu_seconds(end=counts).values()),
        logged,
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
{measured.core_seconds_per_million:.1f} processor seconds per million of these ({used})
{measured.start_cpu_seconds:.0f} processor seconds before them
{measured.log_bytes / measured.payments:,.0f} bytes of write-ahead log for a payment
memory of the scorer with its workers: {begin[0]:.0f} MB after the first tenth of the time, {memory[-1]:.0f} MB at the \
end, {max(memory):.0f} MB at the most"""
