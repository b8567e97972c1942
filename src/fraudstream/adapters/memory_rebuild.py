"""`RebuildStore` in memory, on those of slices and labels; held to the same suite as the one on Postgres."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from fraudstream.adapters.memory_ledger import MemoryLedger
from fraudstream.adapters.memory_slices import MemorySliceStore, Rows
from fraudstream.errors import ConfigurationError
from fraudstream.features.events import EventColumns, Floats, Ints
from fraudstream.features.label_history import LabelHistory, RiskRows, customer_rows, merchant_rows
from fraudstream.features.state import CUSTOMER_STATE_WIDTH
from fraudstream.models.initial_state import InitialState
from fraudstream.ports.ledger import LabelSteps
from fraudstream.ports.rebuild import Checkpoint, RecordedPast, RecordedPayments, Stage

Tables = tuple[Rows, Rows, Rows]
"""Customers' states, their risk and merchants' risk, by catalogue version and key."""


@dataclass
class MemoryRebuildStore:
    """Reads one log of a slice store and its ledger; what it writes stays here."""

    slices: MemorySliceStore
    ledger: MemoryLedger
    topic_id: str
    scorer_at_work: bool = False
    tables: Tables = field(default_factory=lambda: ({}, {}, {}))
    initial: dict[int, InitialState] = field(default_factory=dict)
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See `RebuildStore.alone`."""
        if self.scorer_at_work:
            raise ConfigurationError("a scorer, or another rebuild, is at work; stop it first")
        yield

    def at_work(self) -> int | None:
        """See `RebuildStore.at_work`."""
        return None if self.slices.active is None else self.slices.active.catalogue_version

    def checkpoint(self, catalogue_version: int) -> Checkpoint | None:
        """See `RebuildStore.checkpoint`."""
        return self.checkpoints.get(catalogue_version)

    def begin(self, catalogue_version: int, kernel: int, state: InitialState) -> Checkpoint:
        """See `RebuildStore.begin`."""
        begun = self.initial.setdefault(catalogue_version, state)
        if begun.customer_state.tobytes() != state.customer_state.tobytes():
            raise ConfigurationError(
                f"catalogue version {catalogue_version} began with another initial state; name a model of its history"
            )
        ids = (state.user_ids, state.user_ids, state.merchant_ids)
        values = (state.customer_state, state.customer_risk, state.merchant_risk)
        for table, keys, rows in zip(self.tables, ids, values, strict=True):
            for key in [key for key in table if key[0] == catalogue_version]:
                table[key] = np.zeros_like(table[key])
            table |= {(catalogue_version, int(key)): row.copy() for key, row in zip(keys, rows, strict=True)}
        base = self.ledger.label_base(catalogue_version)
        checkpoint = Checkpoint(catalogue_version, Stage.RUNNING, kernel, base, base, 0, 0, 0, 0, {})
        self.checkpoints[catalogue_version] = checkpoint
        return checkpoint

    def past(self) -> RecordedPast:
        """See `RebuildStore.past`."""
        slices = self.ledger.slices(self.topic_id)
        partitions = np.unique(slices.partition).tolist()
        assert partitions == list(range(len(partitions)))  # noqa: S101 - so a partition is its own place
        return RecordedPast([(self.topic_id, p) for p in partitions], slices, self.ledger.label_facts.label_seq)

    @contextmanager
    def step(self, catalogue_version: int) -> Iterator["MemoryRebuildStep"]:
        """See `RebuildStore.step`."""
        step = MemoryRebuildStep(self, catalogue_version, copy.deepcopy(self.tables))
        yield step
        self.tables = step.tables
        if step.reached is not None:
            self.checkpoints[catalogue_version] = step.reached


@dataclass
class MemoryRebuildStep:
    """`RebuildStep` on a copy of the tables."""

    store: MemoryRebuildStore
    version: int
    tables: Tables
    reached: Checkpoint | None = None

    def payments(self, topic_id: str, partition: int, first: int, end: int) -> RecordedPayments:
        """See `RebuildStep.payments`."""
        found = [
            (committed.result.slice_id, committed.result.scored)
            for committed in self.store.slices.slices
            if (committed.part.topic_id, committed.part.partition) == (topic_id, partition)
        ]
        offset = np.concatenate([scored.offset for _, scored in found])
        slice_id = np.concatenate([np.full(len(scored.offset), number) for number, scored in found])
        names = EventColumns.__dataclass_fields__
        columns = [np.concatenate([getattr(scored.payments, name) for _, scored in found]) for name in names]
        wanted = (offset >= first) & (offset < end)
        return RecordedPayments(offset[wanted], slice_id[wanted], EventColumns(*columns).take(wanted))

    def states(self, users: Ints) -> Floats:
        """See `RebuildStep.states`."""
        nothing = np.zeros(CUSTOMER_STATE_WIDTH)
        states = [self.tables[0].get((self.version, int(user)), nothing) for user in users]
        return np.array(states, np.float64).reshape(-1, CUSTOMER_STATE_WIDTH)

    def risks(self, users: Ints, merchants: Ints) -> tuple[RiskRows, RiskRows]:
        """See `RebuildStep.risks`."""
        found = customer_rows(users), merchant_rows(merchants)
        for table, rows in zip(self.tables[1:], found, strict=True):
            for place, key in enumerate(rows.keys.tolist()):
                rows.rows[place] = table.get((self.version, key), rows.rows[place])
        return found

    def put_states(self, users: Ints, states: Floats) -> None:
        """See `RebuildStep.put_states`."""
        self.tables[0].update({(self.version, int(user)): row.copy() for user, row in zip(users, states, strict=True)})

    def put_risks(self, customers: RiskRows, merchants: RiskRows) -> None:
        """See `RebuildStep.put_risks`."""
        for table, rows in zip(self.tables[1:], (customers, merchants), strict=True):
            table.update({(self.version, key): rows.rows[place].copy() for place, key in enumerate(rows.keys.tolist())})

    def reach(self, checkpoint: Checkpoint) -> None:
        """See `RebuildStep.reach`."""
        self.reached = checkpoint

    def label_base(self, catalogue_version: int) -> int:
        """See `LabelLedger.label_base`."""
        return self.store.ledger.label_base(catalogue_version)

    def initial_customers(self, catalogue_version: int, users: Ints) -> tuple[Floats, RiskRows]:
        """See `LabelLedger.initial_customers`."""
        return self.store.ledger.initial_customers(catalogue_version, users)

    def initial_merchants(self, catalogue_version: int, merchants: Ints | None = None) -> RiskRows:
        """See `LabelLedger.initial_merchants`."""
        return self.store.ledger.initial_merchants(catalogue_version, merchants)

    def labels(self, after: int, upto: int) -> LabelSteps:
        """See `LabelLedger.labels`."""
        return self.store.ledger.labels(after, upto)

    def past(self, users: Ints, merchants: Ints, *, after: int, upto: int) -> LabelHistory:
        """See `LabelLedger.past`."""
        return self.store.ledger.past(users, merchants, after=after, upto=upto)
