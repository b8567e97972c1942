"""The port of explanations: everything that is stored about one payment, read in one snapshot.

`adapters.database.case_reader` and `adapters.memory_cases` implement it. All times are in UTC.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Protocol

from fraudstream.contracts.decision import Reason
from fraudstream.features.events import Floats
from fraudstream.ports.label_desk import KnownPayment, StoredLabel
from fraudstream.ports.slices import Deployment

EARLIER = 200
"""Earlier payments of the customer that a case brings along, at the most."""


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where a record stands; `topic` is empty where only the id of its log is known."""

    topic: str
    topic_id: str
    partition: int
    offset: int


@dataclass(frozen=True)
class ScoredPayment:
    """A payment as it came in, and what the scorer made of it.

    `log_time` is the broker's time of the record, `committed_at` when its score became visible. The score was given by
    `deployment`, after `label_seq` labels, in slice `slice_id`. `features` are the stored vector (F,), of the
    deployment's catalogue version; `earlier` (k, F) are those of the customer's payments before it, the newest first.
    """

    place: RecordPlace
    log_time: dt.datetime
    user_id: int
    event_time: dt.datetime
    amount: float
    merchant_category: str
    location: str
    payment_method: str
    merchant_id: int | None
    device_id: int | None
    channel: str | None
    currency: str | None
    score: float
    alert: bool
    slice_id: int
    label_seq: int
    committed_at: dt.datetime
    deployment: Deployment
    features: Floats
    earlier: Floats


@dataclass(frozen=True, slots=True)
class KnownOutcomes:
    """Payments of one customer or merchant whose outcome was known, and how many of them had been fraud.

    `before_log` counts labels of the history before the log, whose outcomes are not kept one by one.
    """

    before_log: int = 0
    payments: int = 0
    frauds: int = 0


@dataclass(frozen=True, slots=True)
class Relayed:
    """One message about an alert on its way out: held back by the breaker or not, published or not yet."""

    held_at: dt.datetime | None
    released_at: dt.datetime | None
    sent_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ReceivedNotification:
    """A message that reached the subscriber."""

    message_id: str
    received_at: dt.datetime


@dataclass(frozen=True)
class AlertWay:
    """The way of an alert so far; messages in the order of their times."""

    alert_id: uuid.UUID
    threshold: float
    reasons: tuple[Reason, ...]
    created_at: dt.datetime
    relayed: tuple[Relayed, ...]
    notified: tuple[ReceivedNotification, ...]


@dataclass(frozen=True, slots=True)
class RefusedPayment:
    """A quarantined record that carries the id, or says that it does."""

    place: RecordPlace
    log_time: dt.datetime
    reason: str
    detail: str


@dataclass(frozen=True)
class Case:
    """Everything about one id; of an id that nobody has heard of, everything is empty.

    `customer` and `merchant` are what the score could know of earlier outcomes. `labels` are the payment's own, as
    `LabelDesk.labels` orders them. `historical` is a payment of the history before the log.
    """

    transaction_id: uuid.UUID
    payment: ScoredPayment | None = None
    customer: KnownOutcomes = KnownOutcomes()
    merchant: KnownOutcomes = KnownOutcomes()
    labels: tuple[StoredLabel, ...] = ()
    alert: AlertWay | None = None
    refused: tuple[RefusedPayment, ...] = ()
    historical: KnownPayment | None = None


class CaseReader(Protocol):
    """Everything that is stored about one payment."""

    def case(self, transaction_id: uuid.UUID) -> Case:
        """Look one id up.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...

    def artefact(self, digest: str) -> bytes:
        """The scoring artefact with this SHA-256.

        Raises:
            ModelUnavailable: it is not stored.
            TemporarilyUnavailable: the store did not answer.
        """
        ...
