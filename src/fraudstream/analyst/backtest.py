"""A model on the stored past: which alerts it would have raised, and what they would have been worth."""

import datetime as dt
from dataclasses import dataclass, field

import msgspec
import numpy as np

from fraudstream.decisions.policy import alerts
from fraudstream.errors import ImpossibleRequest
from fraudstream.features.events import Floats
from fraudstream.features.label_history import UNLABELLED, Bools
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import score
from fraudstream.ports.scored_history import Days, HistorySnapshot, ScoredBatch
from fraudstream.progress import Report, unreported

DAY = 86_400.0
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class Contestant:
    """A model to be tried; `source` says where its artefact came from."""

    version: str
    digest: str
    source: str
    threshold: float
    model: ScoringModel


@dataclass(frozen=True, kw_only=True)
class Catch:
    """What one model's alerts were worth.

    `judged` are alerts whose payment has a label by now, `caught` those of them that are fraud; `precision` is the
    share of these, `recall` the share of all known frauds, both empty where there is nothing to divide by.
    `money_caught` is the amount of the frauds caught.
    """

    alerts: int
    judged: int
    caught: int
    precision: float | None
    recall: float | None
    money_caught: float


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A day of the payments' own time (UTC), or, without a `day`, all of them together.

    `labelled` payments have a label by now, `frauds` of them are fraud, of `money` in all. `unreadable` vectors were
    scored by nobody here.
    """

    day: dt.date | None
    payments: int
    labelled: int
    frauds: int
    money: float
    unreadable: int
    model: Catch
    champion: Catch | None


@dataclass(frozen=True, kw_only=True)
class ModelName:
    """Which model it is; `source` says where its artefact came from."""

    version: str
    digest: str
    source: str
    threshold: float


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """The whole result; `champion` is empty where none could be loaded, and `without_champion` says why."""

    model: ModelName
    champion: ModelName | None
    without_champion: str
    catalogue_version: int
    days: tuple[Stretch, ...]
    total: Stretch

    def to_json(self) -> str:
        """The result as one line of JSON."""
        return msgspec.json.encode(self).decode()


@dataclass
class _Count:
    alerts: int = 0
    judged: int = 0
    caught: int = 0
    money: float = 0.0

    def add(self, alerted: Bools, batch: "_Known") -> None:
        self.alerts += int(alerted.sum())
        self.judged += int((alerted & batch.labelled).sum())
        self.caught += int((alerted & batch.fraud).sum())
        self.money += float(batch.amount[alerted & batch.fraud].sum())

    def catch(self, frauds: int) -> Catch:
        return Catch(
            alerts=self.alerts,
            judged=self.judged,
            caught=self.caught,
            precision=self.caught / self.judged if self.judged else None,
            recall=self.caught / frauds if frauds else None,
            money_caught=self.money,
        )


@dataclass(frozen=True)
class _Known:
    """Payments of one day with what is known of them."""

    amount: Floats
    labelled: Bools
    fraud: Bools
    readable: Bools


@dataclass
class _Sum:
    payments: int = 0
    labelled: int = 0
    frauds: int = 0
    money: float = 0.0
    unreadable: int = 0
    model: _Count = field(default_factory=_Count)
    champion: _Count = field(default_factory=_Count)

    def add(self, known: _Known, model: Bools, champion: Bools | None) -> None:
        self.payments += len(known.amount)
        self.labelled += int(known.labelled.sum())
        self.frauds += int(known.fraud.sum())
        self.money += float(known.amount[known.fraud].sum())
        self.unreadable += int((~known.readable).sum())
        self.model.add(model, known)
        if champion is not None:
            self.champion.add(champion, known)

    def stretch(self, day: dt.date | None, *, has_champion: bool) -> Stretch:
        return Stretch(
            day=day,
            payments=self.payments,
            labelled=self.labelled,
            frauds=self.frauds,
            money=self.money,
            unreadable=self.unreadable,
            model=self.model.catch(self.frauds),
            champion=self.champion.catch(self.frauds) if has_champion else None,
        )


def backtest(
    history: HistorySnapshot,
    model: Contestant,
    champion: Contestant | None,
    days: Days,
    *,
    without_champion: str = "",
    report: Report = unreported,
) -> Backtest:
    """Take a model, and the champion beside it, over the stored past in its recorded order.

    Args:
        history: what was scored, and what is known of it now.
        model: the one that is asked about.
        champion: the one at work, if it can be loaded.
        days: which payments, by their own time.
        without_champion: why there is no champion.
        report: told how many payments have been gone over.

    Raises:
        TemporarilyUnavailable: the store did not answer.
    """
    version = model.model.catalogue_version
    count, done = history.count(version, days), 0
    by_day: dict[int, _Sum] = {}
    total = _Sum()
    for batch in history.walk(version, days):
        _take(batch, model, champion, by_day, total)
        done += len(batch)
        report(done, count)
    has_champion = champion is not None
    return Backtest(
        model=_name(model),
        champion=None if champion is None else _name(champion),
        without_champion=without_champion,
        catalogue_version=version,
        days=tuple(
            by_day[day].stretch(EPOCH + dt.timedelta(days=day), has_champion=has_champion) for day in sorted(by_day)
        ),
        total=total.stretch(None, has_champion=has_champion),
    )


def days_between(first: dt.date | None, last: dt.date | None) -> Days:
    """Whole days, the last one included; unbounded where one is missing.

    Raises:
        ImpossibleRequest: the last day comes before the first.
    """
    if first is not None and last is not None and last < first:
        raise ImpossibleRequest(f"{last} comes before {first}: there is no day between them")
    begin = float("-inf") if first is None else (first - EPOCH).days * DAY
    return Days(begin, float("inf") if last is None else ((last - EPOCH).days + 1) * DAY)


def _take(
    batch: ScoredBatch, model: Contestant, champion: Contestant | None, by_day: dict[int, _Sum], total: _Sum
) -> None:
    readable: Bools = np.logical_and.reduce(np.isfinite(batch.features), axis=1)
    raised = _alerts(model, batch.features, readable)
    beside = None if champion is None else _alerts(champion, batch.features, readable)
    day = np.floor(batch.event_time / DAY).astype(np.int64)
    for number in np.unique(day).tolist():
        rows = day == number
        outcome = batch.outcome[rows]
        known = _Known(batch.amount[rows], outcome != UNLABELLED, outcome == 1, readable[rows])
        for summed in (by_day.setdefault(number, _Sum()), total):
            summed.add(known, raised[rows], None if beside is None else beside[rows])


def _alerts(contestant: Contestant, features: Floats, readable: Bools) -> Bools:
    raised = np.zeros(len(features), np.bool_)
    raised[readable] = alerts(score(contestant.model, features[readable]).probability, contestant.threshold)
    return raised


def _name(contestant: Contestant) -> ModelName:
    return ModelName(
        version=contestant.version,
        digest=contestant.digest,
        source=contestant.source,
        threshold=contestant.threshold,
    )
