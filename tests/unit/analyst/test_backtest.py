"""Alerts that a model would have raised, and what they would have been worth: numbers small enough to count by hand."""

import datetime as dt
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from rich.console import Console
from tests.unit.scoring.world import a_model

from fraudstream.analyst.backtest import DAY, Backtest, Catch, Contestant, backtest, days_between
from fraudstream.analyst.backtest_sheet import show
from fraudstream.errors import ImpossibleRequest, ModelUnavailable
from fraudstream.features.catalogue import FEATURE_COUNT, index_of
from fraudstream.features.label_history import UNLABELLED
from fraudstream.models.walker import score
from fraudstream.ports.scored_history import Days, ScoredBatch, StoredModel
from fraudstream.ports.slices import Deployment

NOON = dt.datetime(2025, 11, 24, 12, tzinfo=dt.UTC).timestamp()
Payment = tuple[float, float, int]
"""Day, amount, outcome."""

PAYMENTS: Sequence[Payment] = (
    (0, 900.0, 1),  # caught by both
    (0, 600.0, 0),  # a false alarm of both
    (0, 700.0, UNLABELLED),  # an alert of both that nobody has judged
    (0, 450.0, 1),  # caught by the model alone
    (1, 20.0, 1),  # missed by both
    (1, 410.0, 0),  # a false alarm of the model alone
    (1, 30.0, UNLABELLED),
)


@dataclass
class ListedHistory:
    """A history that is written down; a batch holds three payments."""

    payments: Sequence[Payment] = PAYMENTS
    asked: list[tuple[int, Days]] = field(default_factory=list)
    damaged: int = -1

    def active(self) -> Deployment | None:
        raise NotImplementedError

    def model(self, version: str) -> StoredModel | None:
        raise NotImplementedError

    def artefact(self, digest: str) -> bytes:
        raise ModelUnavailable(digest)

    def count(self, catalogue_version: int, days: Days) -> int:  # noqa: ARG002
        return len(self.payments)

    def walk(self, catalogue_version: int, days: Days) -> Iterator[ScoredBatch]:
        self.asked.append((catalogue_version, days))
        for start in range(0, len(self.payments), 3):
            rows = self.payments[start : start + 3]
            features = np.zeros((len(rows), FEATURE_COUNT))
            features[:, index_of("amount")] = [amount for _, amount, _ in rows]
            if start <= self.damaged < start + 3:
                features[self.damaged - start] = np.nan
            yield ScoredBatch(
                event_time=np.array([NOON + day * DAY for day, _, _ in rows]),
                amount=np.array([amount for _, amount, _ in rows]),
                features=features,
                outcome=np.array([outcome for _, _, outcome in rows], np.int16),
            )


def a_contestant(version: str, *, alerts_above: float) -> Contestant:
    """A tree that alerts above an amount."""
    model = a_model(version=version)
    body = replace(model.body, threshold=np.array([alerts_above, 0.0, 0.0]))  # type: ignore[arg-type]
    model = replace(model, body=body)
    model = replace(model, golden_scores=score(model, model.golden_vectors).probability)
    return Contestant(version, f"digest-{version}", "database", 0.5, model)


MODEL, CHAMPION = a_contestant("2", alerts_above=400.0), a_contestant("1", alerts_above=500.0)


def tried(history: ListedHistory | None = None, champion: Contestant | None = CHAMPION) -> Backtest:
    return backtest(history or ListedHistory(), MODEL, champion, Days(), without_champion="nobody is at work")


def printed(result: Backtest) -> str:
    console = Console(file=io.StringIO(), width=120, highlight=False, markup=False)
    show(result, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_alerts_are_judged_by_what_is_known_today() -> None:
    total = tried().total

    assert (total.payments, total.labelled, total.frauds, total.money) == (7, 5, 3, 1_370.0)
    assert total.model == Catch(alerts=5, judged=4, caught=2, precision=2 / 4, recall=2 / 3, money_caught=1_350.0)
    assert total.champion == Catch(alerts=3, judged=2, caught=1, precision=1 / 2, recall=1 / 3, money_caught=900.0)


def test_each_day_stands_by_itself_and_they_add_up() -> None:
    result = tried()

    assert [stretch.day for stretch in result.days] == [dt.date(2025, 11, 24), dt.date(2025, 11, 25)]
    assert [stretch.payments for stretch in result.days] == [4, 3]
    assert [stretch.model.alerts for stretch in result.days] == [4, 1]
    assert [stretch.money for stretch in result.days] == [1_350.0, 20.0]
    assert sum(stretch.model.caught for stretch in result.days) == result.total.model.caught


def test_days_end_at_midnight_utc() -> None:
    history = ListedHistory(payments=[(0.5 - 1e-6, 1.0, 0), (0.5, 1.0, 0)])

    assert [stretch.day for stretch in tried(history).days] == [dt.date(2025, 11, 24), dt.date(2025, 11, 25)]


def test_a_day_without_known_frauds_has_no_recall_and_one_without_alerts_no_precision() -> None:
    day = tried(ListedHistory(payments=[(0, 30.0, UNLABELLED), (0, 30.0, 0)])).total

    assert (day.model.precision, day.model.recall) == (None, None)


def test_the_alert_rule_is_the_scorers_a_score_at_the_threshold_alerts() -> None:
    probability = float(score(MODEL.model, np.zeros((1, FEATURE_COUNT))).probability[0])
    at_threshold = replace(MODEL, threshold=probability)

    result = backtest(ListedHistory(payments=[(0, 0.0, 1)]), at_threshold, None, Days())

    assert result.total.model.alerts == 1


def test_without_a_champion_the_model_stands_alone_and_it_is_said_why() -> None:
    result = tried(champion=None)

    assert (result.champion, result.total.champion) == (None, None)
    assert "No champion beside it: nobody is at work" in printed(result)


def test_a_damaged_vector_raises_no_alert_and_is_counted() -> None:
    result = tried(ListedHistory(damaged=0))

    assert (result.total.unreadable, result.total.model.caught) == (1, 1)
    assert "1 stored vectors are damaged" in printed(result)
    assert "damaged" not in printed(tried())


def test_it_asks_for_the_history_of_the_models_own_catalogue() -> None:
    history = ListedHistory()
    backtest(history, MODEL, None, Days(begin=5.0))

    assert history.asked == [(MODEL.model.catalogue_version, Days(begin=5.0))]


def test_it_tells_how_far_it_has_come() -> None:
    told: list[tuple[int, int]] = []
    backtest(ListedHistory(), MODEL, None, Days(), report=lambda done, total: told.append((done, total)))

    assert told == [(3, 7), (6, 7), (7, 7)]


def test_the_last_day_is_included() -> None:
    days = days_between(dt.date(2025, 11, 24), dt.date(2025, 11, 25))

    assert (days.begin, days.end) == (NOON - DAY / 2, NOON + 1.5 * DAY)
    assert days_between(None, None) == Days()
    with pytest.raises(ImpossibleRequest, match="2025-11-23 comes before 2025-11-24"):
        days_between(dt.date(2025, 11, 24), dt.date(2025, 11, 23))


def test_the_document_has_days_and_total() -> None:
    found = json.loads(tried().to_json())

    assert found["model"] == {"version": "2", "digest": "digest-2", "source": "database", "threshold": 0.5}
    assert [stretch["day"] for stretch in found["days"]] == ["2025-11-24", "2025-11-25"]
    assert found["total"]["champion"]["money_caught"] == 900.0


def test_people_see_both_models_line_by_line() -> None:
    lines = [" ".join(line.split()) for line in printed(tried()).splitlines()]

    assert "2025-11-24 4 3 2 1,350 model 4 66.7 % 100.0 % 1,350" in lines
    assert "all 7 5 3 1,370 model 5 50.0 % 66.7 % 1,350" in lines
    assert "champion 3 50.0 % 33.3 % 900" in lines
    assert "They are the same model." not in lines
