"""The port of a rebuild: stored payments and labels are read, the state of another catalogue version is written.

`adapters.database.rebuild_store` and `adapters.memory_rebuild` implement it; `tests/ports/test_rebuild_store.py` holds
both to the same contract.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fraudstream.features.events import EventColumns, Floats, Ints
from fraudstream.features.label_history import RiskRows
from fraudstream.models.initial_state import InitialState
from fraudstream.ports.ledger import LabelLedger, LedgerSlices

Positions = Mapping[str, Mapping[int, int]]
"""The next offset to be scored, by topic id and partition, of each partition that has a slice."""


class Stage(StrEnum):
    """How far a rebuild is."""

    RUNNING = "running"
    COMPLETE = "complete"
    """It has reached a target; nobody scores with it yet."""
    AT_WORK = "at work"
    """A model scores with it, or did: its state has moved on and no rebuild can go on from it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the state of a catalogue version contains so far.

    `label_base` is the last label that the initial rows contain, `label_seq` the last one replayed. The last of
    `slices` replayed slices, which hold `rows` payments, is (`slice_label_seq`, `slice_id`) in the recorded order.
    `kernel` is the digest of the code that replayed them. `positions` is where the logs stood when it was complete.
    """

    catalogue_version: int
    stage: Stage
    kernel: int
    label_base: int
    label_seq: int
    slice_label_seq: int
    slice_id: int
    slices: int
    rows: int
    positions: Positions


@dataclass(frozen=True, slots=True)
class RecordedPast:
    """Everything that was scored up to one moment, and the last label turn then.

    `slices` are of all logs, in any order; their `partition` is a place in `places`, (topic id, partition).
    """

    places: Sequence[tuple[str, int]]
    slices: LedgerSlices
    label_seq: int

    @property
    def positions(self) -> Positions:
        """Where the logs stood."""
        found: dict[str, dict[int, int]] = {}
        for place, (topic_id, partition) in enumerate(self.places):
            last = self.slices.last_offset[self.slices.partition == place]
            if len(last):
                found.setdefault(topic_id, {})[partition] = int(last.max()) + 1
        return found


@dataclass(frozen=True, slots=True)
class RecordedPayments:
    """`n` scored payments of one partition, by offset."""

    offset: Ints
    slice_id: Ints
    events: EventColumns


class RebuildStep(LabelLedger, Protocol):
    """One transaction of a rebuild: what it writes is there with its checkpoint, or not at all.

    The rows it reads and writes are those of the catalogue version it was opened for.
    """

    def payments(self, topic_id: str, partition: int, first: int, end: int) -> RecordedPayments:
        """The scored payments with `first <= offset < end`."""
        ...

    def states(self, users: Ints) -> Floats:
        """States (U, width) of customers (ids ascending); zeros where there is none."""
        ...

    def risks(self, users: Ints, merchants: Ints) -> tuple[RiskRows, RiskRows]:
        """Risk rows of customers and merchants (ids ascending); zeros where there are none."""
        ...

    def put_states(self, users: Ints, states: Floats) -> None:
        """Store states (U, width)."""
        ...

    def put_risks(self, customers: RiskRows, merchants: RiskRows) -> None:
        """Store the rows of every key."""
        ...

    def reach(self, checkpoint: Checkpoint) -> None:
        """Note how far the state is now."""
        ...


class RebuildStore(Protocol):
    """Where the past is recorded and a new state is put; every call raises `TemporarilyUnavailable` if it is away."""

    def alone(self) -> AbstractContextManager[None]:
        """Hold the right to score every log, so that nobody else scores or rebuilds.

        Raises:
            ConfigurationError: a scorer is at work, or another rebuild.
        """
        ...

    def at_work(self) -> int | None:
        """Catalogue version of the model at work; nothing before the first promotion."""
        ...

    def checkpoint(self, catalogue_version: int) -> Checkpoint | None:
        """How far the rebuild of a version is, if it was ever begun."""
        ...

    def begin(self, catalogue_version: int, kernel: int, state: InitialState) -> Checkpoint:
        """Set the state of a version to where the log begins, whatever it was.

        Raises:
            ConfigurationError: `state` is of another history than the one that the log continues, or differs from
                what this version began with before.
        """
        ...

    def past(self) -> RecordedPast:
        """Everything scored by now."""
        ...

    def step(self, catalogue_version: int) -> AbstractContextManager[RebuildStep]:
        """Begin a transaction; it is committed at the end of the block, or rolled back by an exception."""
        ...


def same_history(state: InitialState, users: Ints, merchants: Ints, waiting: frozenset[bytes]) -> bool:
    """Whether a state ends the history with these customers, merchants (ascending) and payments without a label."""
    ids = frozenset(row.tobytes() for row in state.waiting.transaction_id)
    return (
        sorted(state.user_ids.tolist()) == users.tolist()
        and sorted(state.merchant_ids.tolist()) == merchants.tolist()
        and ids == waiting
    )
