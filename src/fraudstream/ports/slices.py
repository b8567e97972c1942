"""The port of the scorer: one slice of a log, taken through one transaction.

A slice is a run of records of one partition. Everything it changes (ids, state, results, what is to be published,
the position in the log) becomes visible at once or not at all. `adapters.database.slice_store` and
`adapters.memory_slices` implement it; `tests/ports/test_slice_store.py` holds both to the same contract.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fraudstream.contracts.alert import Alert
from fraudstream.contracts.quarantine import QuarantineReason
from fraudstream.features.events import Bytes, EventColumns, Floats, Ints

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LogPart:
    """One partition of one log, as one run of the scorer reads it; `topic_id` is the broker's UUID text."""

    topic: str
    topic_id: str
    partition: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """The model at work: its artefact's SHA-256, the feature catalogue it reads, the probability that alerts."""

    deployment_id: int
    model_version: str
    digest: str
    catalogue_version: int
    threshold: float


@dataclass(frozen=True, slots=True)
class Shadow:
    """A challenger: it scores what the deployed model scores, from the same features, and nobody acts on it."""

    model_version: str
    digest: str
    catalogue_version: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """What became of `n` ids.

    `fresh` (n,) tells those that were reserved just now, `body_hash` (n,) what each stands for since it was.
    """

    fresh: Bools
    body_hash: Ints


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Risk rows as of one `label_seq`, and the slice's place in the recorded order, taken after every lock.

    `customer_risk` is (U, CUSTOMER_RISK_WIDTH) and `merchant_risk` (M, MERCHANT_RISK_WIDTH), in the order asked
    for, zeros where there is no row.
    """

    slice_id: int
    label_seq: int
    customer_risk: Floats
    merchant_risk: Floats


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """`n` scored payments in log order.

    `log_time` (n,) is the broker's time and `score` (n,) a probability; `features` is (n, FEATURE_COUNT);
    `currency` holds three ASCII bytes each, empty where the payment names none.
    """

    offset: Ints
    log_time: Floats
    payments: EventColumns
    body_hash: Ints
    currency: npt.NDArray[np.bytes_]
    score: Floats
    alert: Bools
    features: Floats


@dataclass(frozen=True, slots=True)
class ShadowScores:
    """Probabilities (n,) that the challenger with this artefact gives the payments of `SliceResult.scored`."""

    digest: str
    score: Floats


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert and the offset of its payment."""

    offset: int
    alert: Alert


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A record that could not be scored; `raw` is masked and bounded, `raw_size` what it was; `log_time` in seconds."""

    offset: int
    log_time: float
    reason: QuarantineReason
    detail: str
    raw: bytes
    raw_size: int


AT_ONCE = 0.0
"""`OutboxMessage.not_before` of what may be published as soon as it is committed."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A record to be published once the slice is committed, not before `not_before` (seconds since 1970 UTC)."""

    topic: str
    key: bytes
    value: bytes
    not_before: float


@dataclass(frozen=True, slots=True)
class SliceResult:
    """Everything one slice changes. `user_id` (U,) and `state` (U, CUSTOMER_STATE_WIDTH) are the states moved."""

    slice_id: int
    label_seq: int
    deployment: Deployment
    first_offset: int
    last_offset: int
    scored: ScoredRows
    user_id: Ints
    state: Floats
    alerts: Sequence[RaisedAlert]
    quarantined: Sequence[QuarantinedRow]
    outbox: Sequence[OutboxMessage]
    repeats: int
    shadow: ShadowScores | None = None


class SliceTransaction(Protocol):
    """One open slice; its partition's position is locked until the end.

    Call in this order: `reserve`, `deployment`, `shadow`, `lock_states`, `snapshot`, `write`. Slices that share a
    customer then wait for each other in `lock_states`, so a customer's state moves in the order of `slice_id`.
    """

    @property
    def next_offset(self) -> int:
        """The first offset not yet committed; records below it were taken before and are to be dropped."""
        ...

    def reserve(self, transaction_id: Bytes, body_hash: Ints, offset: Ints) -> Reservation:
        """Reserve ids, given as ascending, distinct (n, 16) bytes with what each stands for and its offset (n,).

        What is reserved here is to be scored at that offset in the same slice: payments are found by it.

        Raises:
            TemporarilyUnavailable: another slice has taken one of the ids at this moment.
        """
        ...

    def deployment(self) -> Deployment:
        """The active deployment; it stays the active one until the slice has ended.

        Raises:
            ModelUnavailable: no deployment is active.
        """
        ...

    def shadow(self) -> Shadow | None:
        """The challenger as of `deployment`, always another model on the same feature catalogue, if there is one."""
        ...

    def artefact(self, digest: str) -> bytes:
        """The scoring artefact with this SHA-256.

        Raises:
            ModelUnavailable: it is not stored.
        """
        ...

    def lock_states(self, catalogue_version: int, user_id: Ints) -> Floats:
        """States (U, CUSTOMER_STATE_WIDTH) of ascending, distinct customers; zeros for a customer never seen.

        Locked until the slice ends, those of new customers too.
        """
        ...

    def snapshot(self, catalogue_version: int, user_id: Ints, merchant_id: Ints) -> Snapshot:
        """Risk rows of distinct customers (U,) and merchants (M,), the label turn they stand for, and a slice id."""
        ...

    def write(self, result: SliceResult) -> None:
        """Store a result and move the position behind `last_offset`."""
        ...


class SliceStore(Protocol):
    """Where slices are committed."""

    def open(self, part: LogPart) -> AbstractContextManager[SliceTransaction]:
        """Begin a slice; it is committed at the end of the block, or rolled back by an exception.

        Raises:
            Fenced: a newer run has taken over this log.
            TemporarilyUnavailable: the store did not answer, or two slices were in each other's way; nothing is
                known to be committed then, and the same records may be tried again.
        """
        ...
