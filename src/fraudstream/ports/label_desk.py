"""The port of whoever labels by hand: which payment is meant, what is known of it, and what became of a label.

`adapters.database.label_desk` and `adapters.memory_label_desk` implement it. All times are in UTC.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fraudstream.contracts.label import LabelSource


@dataclass(frozen=True, slots=True)
class KnownPayment:
    """A payment that is scored, or that is known from the history before the log."""

    user_id: int
    event_time: dt.datetime


@dataclass(frozen=True, slots=True)
class LabelPlace:
    """Where a label stands in its log; `topic_id` is the broker's UUID text."""

    topic_id: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class StoredLabel:
    """A label as it is stored; without a turn (`label_seq`) it waits for its payment."""

    place: LabelPlace
    label_seq: int | None
    is_fraud: bool
    source: LabelSource
    arrived_at: dt.datetime


@dataclass(frozen=True, slots=True)
class LabelFate:
    """What became of a label: it took its turn (`label_seq`), was `refused` with a reason, or (neither) waits."""

    label_seq: int | None = None
    refused: str | None = None


class LabelDesk(Protocol):
    """What there is to know before a label is said, and afterwards.

    Every method raises `TemporarilyUnavailable` if the store does not answer.
    """

    def payment(self, transaction_id: uuid.UUID) -> KnownPayment | None:
        """The payment with this id, if it is scored or known from the history."""
        ...

    def alerted(self, alert_id: uuid.UUID) -> uuid.UUID | None:
        """The payment that raised the alert with this id, if there is such an alert."""
        ...

    def labels(self, transaction_id: uuid.UUID) -> Sequence[StoredLabel]:
        """Every label of one payment: those with a turn in its order, then those that wait, in the order of the log."""
        ...

    def outcomes(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, bool]:
        """The newest outcome of those payments that have one with a turn."""
        ...

    def stream_time(self) -> dt.datetime | None:
        """The newest event time among the payments scored last: the stream's own now; nothing before the first."""
        ...

    def fate(self, place: LabelPlace) -> LabelFate | None:
        """What became of the label at this place; nothing while the label applier has not reached it."""
        ...
