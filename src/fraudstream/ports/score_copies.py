"""The ports of the projector: where committed scores are read, and the table they are copied to.

`adapters.aws.score_table` and `adapters.memory_score_copies` implement the table; `tests/ports/test_score_table.py`
holds both to the same contract.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

MOST_AT_ONCE = 99
"""Scores of one write: DynamoDB takes a hundred actions at once, and one of them moves the position."""


@dataclass(frozen=True, slots=True)
class LogPlace:
    """One partition of one log; `topic_id` is the broker's UUID text."""

    topic_id: str
    partition: int


@dataclass(frozen=True, slots=True)
class CommittedScore:
    """One scored payment as it is copied; `amount` is in units of its currency, `score` a probability."""

    transaction_id: uuid.UUID
    offset: int
    user_id: int
    event_time: dt.datetime
    amount: float
    merchant_category: str
    location: str
    payment_method: str
    score: float
    alert: bool
    slice_id: int
    model_version: str
    catalogue_version: int
    merchant_id: int | None = None
    channel: str | None = None
    currency: str | None = None


class CommittedScores(Protocol):
    """Reads what the scorer has committed."""

    def ends(self) -> dict[LogPlace, int]:
        """The first offset not yet committed, for each partition of the payments.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...

    def scores(self, place: LogPlace, first: int, end: int, most: int) -> Sequence[CommittedScore]:
        """The first scores at `first` or behind it and before `end`, in log order.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...


class ScoreTable(Protocol):
    """Keeps copies of scores by id, and with them how far each partition is copied."""

    def position(self, place: LogPlace) -> int:
        """The first offset not yet copied; 0 for a partition that is new to the table.

        Raises:
            ConfigurationError: there is no such table, or we may not use it.
            TemporarilyUnavailable: the table did not answer.
        """
        ...

    def put(self, place: LogPlace, scores: Sequence[CommittedScore], *, first: int, end: int) -> bool:
        """Store scores and move the position from `first` to `end`, both or neither.

        Returns whether that was done; it is not where the position is another one by now, because another projector
        was here, or because this very call succeeded before and its answer was lost.

        Args:
            place: the partition.
            scores: at most `MOST_AT_ONCE`; what is stored under an id already is replaced by the same again.
            first: the position as it was read.
            end: the first offset that is not copied then.

        Raises:
            ConfigurationError: there is no such table, or we may not use it.
            TemporarilyUnavailable: the table did not answer; the same may be put again.
        """
        ...
