"""A history replayed part by part, of which no more is kept than a model is fitted, calibrated and measured on.

All frauds of the training are kept, and of its other payments, once there are too many, every second, fourth, eighth
and so on; so it is with all payments of the weeks after it. Which ones depends on their place in the history alone.
Vectors are those of a replay of everything at once, bit for bit; while nothing is too much, nothing is left out.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import Floats
from fraudstream.features.replay import LabelArrivals, ReplayStream, arrivals_of
from fraudstream.progress import Report, unreported
from fraudstream.training.dataset import DAY, WARM_UP, WEEK, History, HistoryDigest
from fraudstream.training.kept import KeptPayments
from fraudstream.training.past import Past, PastPart

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Limits:
    """The most payments kept; `genuine` of the training without its frauds, `measured` of each week after it."""

    genuine: int = 500_000
    measured: int = 1_000_000


@dataclass
class _Span:
    """The payments with `begin <= event_time < end`, of which every `every`-th is kept; `first` is the first's row."""

    begin: float
    end: float
    limit: int
    with_all_frauds: bool
    every: int = 1
    first: int | None = None
    kept_from: int = 0


@dataclass(frozen=True)
class Sample:
    """What is kept of a history: `history` and `vectors` (n, FEATURE_COUNT) of the same `n` payments.

    `payments` and `frauds` count the whole history, `sha256` is its digest, `replay` what it ended in. One in
    `genuine_every` of the training's payments without fraud was kept, one in `measured_every` of all after it.
    """

    history: History
    vectors: Floats
    replay: ReplayStream
    payments: int
    frauds: int
    sha256: str
    genuine_every: int
    measured_every: tuple[int, int]

    @property
    def text(self) -> str:
        """What is kept, in words."""
        if self.genuine_every == 1 and self.measured_every == (1, 1):
            return "all of them used"
        calibration, evaluation = self.measured_every
        return (
            f"all known frauds and {_share(self.genuine_every)} others to train on, {_share(calibration)} payments to "
            f"calibrate on, {_share(evaluation)} to measure on"
        )


def sample_of(past: Past, *, limits: Limits | None = None, report: Report = unreported) -> Sample:
    """Replay a history and keep what is needed of it.

    Args:
        past: the history.
        limits: the most that is kept.
        report: told how many of its days are done.

    Raises:
        ConfigurationError: the history is empty, has nothing but frauds or nothing but other payments, or what is wrong
            with it.
    """
    sampler = _Sampler(past, limits or Limits())
    days = round((past.end - past.start) / DAY)
    for part in past.parts():
        sampler.take(part)
        report(min(round((part.until - past.start) / DAY), days), days)
    return sampler.finished()


@dataclass
class _Sampler:
    """Takes part after part."""

    past: Past
    limits: Limits
    replay: ReplayStream = field(default_factory=ReplayStream)
    kept: KeptPayments = field(default_factory=KeptPayments)
    labels: list[LabelArrivals] = field(default_factory=list)
    digest: HistoryDigest = field(default_factory=HistoryDigest)
    frauds: int = 0

    def __post_init__(self) -> None:
        evaluation = self.past.end - WEEK
        calibration = evaluation - WEEK
        measured = self.limits.measured
        self.training = _Span(self.past.start + WARM_UP, calibration, self.limits.genuine, with_all_frauds=True)
        self.weeks = (
            _Span(calibration, evaluation, measured, with_all_frauds=False),
            _Span(evaluation, self.past.end, measured, with_all_frauds=False),
        )

    def take(self, part: PastPart) -> None:
        first = self.replay.count
        vectors = self.replay.take(part.events, part.arrivals)
        self.digest.add(part.events, part.arrivals)
        self.frauds += int(np.count_nonzero(part.scenario))
        for span in (self.training, *self.weeks):
            self._keep(span, part, vectors, first)
        self.labels.append(part.arrivals.take(np.isin(part.arrivals.event_row, self.kept.row)))

    def finished(self) -> Sample:
        self._check_outcomes()
        self._thin_unknown_frauds()
        history = History(self.kept.events, self._arrivals(), self.kept.scenario, self.past.start, self.past.end)
        return Sample(
            history=history,
            vectors=self.kept.vectors,
            replay=self.replay,
            payments=self.replay.count,
            frauds=self.frauds,
            sha256=self.digest.hexdigest(),
            genuine_every=self.training.every,
            measured_every=(self.weeks[0].every, self.weeks[1].every),
        )

    def _keep(self, span: _Span, part: PastPart, vectors: Floats, first: int) -> None:
        low, high = np.searchsorted(part.events.event_time, (span.begin, span.end), side="left").tolist()
        if low == high:
            return
        if span.first is None:
            span.first, span.kept_from = first + low, len(self.kept)
        row = np.arange(first + low, first + high)
        wanted = self._wanted(span, row, part.scenario[low:high])
        chosen = low + np.flatnonzero(wanted)
        self.kept.add(row[wanted], part.events.take(chosen), part.scenario[chosen], vectors[chosen])
        while self._regular(span) > span.limit:
            span.every *= 2
            keep = np.ones(len(self.kept), np.bool_)
            tail = slice(span.kept_from, None)
            keep[tail] = self._wanted(span, self.kept.row[tail], self.kept.scenario[tail])
            self.kept.thin(keep)

    def _wanted(self, span: _Span, row: npt.NDArray[np.int64], scenario: npt.NDArray[np.int8]) -> Bools:
        regular: Bools = (row - (span.first or 0)) % span.every == 0
        return regular | (scenario > 0) if span.with_all_frauds else regular

    def _regular(self, span: _Span) -> int:
        """How many are kept of a span, the frauds that are kept in any case not among them."""
        if span.with_all_frauds:
            return int(np.count_nonzero(self.kept.scenario[span.kept_from :] == 0))
        return len(self.kept) - span.kept_from

    def _check_outcomes(self) -> None:
        if not self.replay.count:
            raise ConfigurationError("the history has no payments; give one of some weeks")
        if self.frauds in (0, self.replay.count):
            what = "no fraud" if not self.frauds else "nothing but fraud"
            raise ConfigurationError(
                f"there is {what} among the {self.replay.count:,} payments of the history, so there is nothing to "
                "learn; give one with both outcomes, or simulate more --customers"
            )

    def _thin_unknown_frauds(self) -> None:
        """A fraud that no label had told of by the end of the training is a payment like any other there."""
        span = self.training
        if span.every == 1:
            return
        history = History(self.kept.events, self._arrivals(), self.kept.scenario, self.past.start, self.past.end)
        _, fraud = history.known_at(self.past.end - WEEK)
        inside = self.kept.events.event_time < span.end
        regular = (self.kept.row - (span.first or 0)) % span.every == 0
        self.kept.thin(~inside | fraud | regular)

    def _arrivals(self) -> LabelArrivals:
        """The labels of what is kept, whose rows count in what is kept."""
        labels = arrivals_of(self.labels)
        known = labels.take(np.isin(labels.event_row, self.kept.row))
        return LabelArrivals(np.searchsorted(self.kept.row, known.event_row), known.arrived_at, known.is_fraud)


def _share(every: int) -> str:
    return "all" if every == 1 else f"one in {every}"
