"""The Handbook world and its protocol: four folds that count, and four before them on which everything is chosen."""

import datetime as dt
from collections.abc import Sequence

from fraudstream.evaluation.protocol import Fold, Round, fold_of, split_of
from fraudstream.simulation.handbook import START, HandbookWorld, labels_of
from fraudstream.training.dataset import DAY, History

VALIDATION = tuple(fold_of(dt.date(2018, 6, 20) + dt.timedelta(weeks=week)) for week in range(4))
TEST = tuple(fold_of(dt.date(2018, 7, 25) + dt.timedelta(weeks=week)) for week in range(4))
REHEARSALS = (14, 21)
"""A round is rehearsed by the folds that began so many days earlier: what they measure is labelled when it begins."""


def handbook_history(world: HandbookWorld) -> History:
    """The world's payments and labels as a history."""
    events, scenario = world.events(world.payments())
    return History(events, labels_of(events, scenario), scenario, START, START + world.days * DAY)


def handbook_rounds(history: History, folds: Sequence[Fold]) -> tuple[Round, ...]:
    """The rounds of folds that count, with their rehearsals.

    Raises:
        ConfigurationError: the history doesn't cover a fold.
    """
    return tuple(
        Round(split_of(history, fold), tuple(split_of(history, Fold(fold.start - days * DAY)) for days in REHEARSALS))
        for fold in folds
    )
