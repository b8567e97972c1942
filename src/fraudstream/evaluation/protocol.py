"""Who is trained and who is measured: splits in the order of time, as the Fraud Detection Handbook makes them.

Train on a week, wait for a week until its outcomes are known, measure on the next. Nobody looks for fraud on a card
that is known to be compromised: it leaves the days that are measured (Y. Le Borgne, W. Siblini, B. Lebichot,
G. Bontempi, "Reproducible Machine Learning for Credit Card Fraud Detection", 2022, chapter 5).
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import Ints
from fraudstream.training.dataset import DAY, History


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of a history: what is trained on, and what is measured, ascending.

    A training row is a fraud if a label that arrived before `cut_off`, in seconds since 1970 UTC, says so.
    """

    name: str
    training: slice
    test: Ints
    cut_off: float


@dataclass(frozen=True, eq=False)
class Round:
    """A split whose figures count, and earlier ones by the same rules whose outcomes were known when it began.

    What is measured in the `rehearsals` calibrates the model of the round: by its cut-off their labels had arrived.
    """

    split: Split
    rehearsals: tuple[Split, ...]


@dataclass(frozen=True)
class Fold:
    """One round of the protocol, beginning at a midnight `start`, in seconds since 1970 UTC."""

    start: float
    training_days: int = 7
    delay_days: int = 7
    test_days: int = 7

    @property
    def test_start(self) -> float:
        """The first moment that is measured; labels that arrive later are unknown to training."""
        return self.start + (self.training_days + self.delay_days) * DAY

    @property
    def end(self) -> float:
        """The moment after the last that is measured."""
        return self.test_start + self.test_days * DAY

    @property
    def name(self) -> str:
        """Its first day."""
        return dt.datetime.fromtimestamp(self.start, dt.UTC).date().isoformat()


def fold_of(first_day: dt.date) -> Fold:
    """The fold whose training begins on a day (UTC)."""
    return Fold(dt.datetime.combine(first_day, dt.time(), dt.UTC).timestamp())


def split_of(history: History, fold: Fold) -> Split:
    """The rows of a fold, without what is paid with compromised cards on the days that are measured.

    Raises:
        ConfigurationError: the history doesn't cover the fold, or nothing is left of it.
    """
    if not history.start <= fold.start < fold.end <= history.end:
        raise ConfigurationError(
            f"the fold that begins on {fold.name} is not within the world; simulate enough days for it"
        )
    training = history.between(fold.start, fold.start + fold.training_days * DAY)
    days = [fold.test_start + day * DAY for day in range(fold.test_days)]
    test = np.concatenate([_uncompromised(history, fold, day) for day in days])
    if training.stop == training.start or not len(test):
        raise ConfigurationError(f"nobody pays in the fold that begins on {fold.name}; simulate more cards")
    return Split(fold.name, training, test, fold.test_start)


def _uncompromised(history: History, fold: Fold, day: float) -> Ints:
    """The rows of one day without the cards that had a fraud since training began and before its label was due."""
    rows = history.between(day, day + DAY)
    window = history.between(fold.start, day)
    _, fraud = history.known_at(day)
    cards = history.events.user_id
    compromised = np.unique(cards[window][fraud[window]])
    everybody = np.arange(rows.start, rows.stop)
    return everybody[~np.isin(cards[rows], compromised)]


def in_order_of_time(history: History, *, training: tuple[float, float], test: tuple[float, float], name: str) -> Split:
    """Rows of two spans, each from its first moment to before its last, in seconds since 1970 UTC; nobody leaves.

    Raises:
        ConfigurationError: they overlap, or one is empty.
    """
    if training[1] > test[0]:
        raise ConfigurationError("training ends after what is measured begins; leave time between them")
    rows = history.between(*training), history.between(*test)
    if any(part.start == part.stop for part in rows):
        raise ConfigurationError("nobody pays in one of the spans; simulate more customers or days")
    return Split(name, rows[0], np.arange(rows[1].start, rows[1].stop), test[0])
