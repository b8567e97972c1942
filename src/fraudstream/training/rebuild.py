"""The state of a new feature catalogue: stored payments and labels replayed from where the log began."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fraudstream.errors import ConfigurationError
from fraudstream.features.compilation import source_digest
from fraudstream.features.events import ABSENT, EventColumns, Ints
from fraudstream.features.label_history import RiskRows
from fraudstream.models.initial_state import InitialState
from fraudstream.ports.ledger import Bools, LedgerSlices
from fraudstream.ports.rebuild import Checkpoint, RebuildStep, RebuildStore, RecordedPast, Stage
from fraudstream.progress import Report, unreported
from fraudstream.recorded.customers import RecordedCustomers
from fraudstream.recorded.risk_replay import RiskReplay
from fraudstream.recorded.windows import WINDOW_LABELS, WINDOW_RECORDS, Window, ordered, windows

ROUNDS = 10
"""How often what came meanwhile is replayed too, before it is left to the next rebuild."""


@dataclass(frozen=True)
class Rebuild:
    """Replays into the state of one catalogue version, window by window, each in a transaction with its checkpoint.

    `window_records` and `window_labels` are how many of each are held in memory at a time, about.
    """

    store: RebuildStore
    catalogue_version: int
    report: Report = unreported
    window_records: int = WINDOW_RECORDS
    window_labels: int = WINDOW_LABELS
    kernel: int | None = None

    def run(self, state: InitialState) -> Checkpoint:
        """Begin where the log began, or go on where an earlier run was interrupted, up to what is stored now.

        Args:
            state: the end of the history that the log continues, as this catalogue version has it.

        Returns:
            How far the state is. It may be switched to while logs and labels stand where it says.

        Raises:
            ConfigurationError: no model or one of this catalogue version is at work, a scorer is at work, `state` is
                of another history, or stored payments are missing.
            TemporarilyUnavailable: the store did not answer; run it again.
        """
        with self.store.alone():
            self._check_purpose()
            reached = self._going_on() or self._begin(state)
            for _ in range(ROUNDS):
                past = self.store.past()
                if not _continues(reached, past):
                    reached = self._begin(state)
                reached = self._complete(self._replay(reached, past), past)
                now = self.store.past()
                if (now.positions, now.label_seq) == (reached.positions, reached.label_seq):
                    break
        return reached

    def _check_purpose(self) -> None:
        at_work = self.store.at_work()
        if at_work is None:
            raise ConfigurationError(
                "no model is at work, so there is nothing to rebuild from; `fraudstream promote` puts the first model "
                "to work with the state that it brings along"
            )
        if at_work == self.catalogue_version:
            raise ConfigurationError(
                f"the state of catalogue version {at_work} is at work and moves with every slice; there is nothing "
                "to rebuild until CATALOGUE_VERSION is raised"
            )

    def _going_on(self) -> Checkpoint | None:
        """Where an earlier run of the same code was interrupted."""
        found = self.store.checkpoint(self.catalogue_version)
        if found is None or found.stage == Stage.AT_WORK or found.kernel != self._kernel:
            return None
        return found

    def _begin(self, state: InitialState) -> Checkpoint:
        return self.store.begin(self.catalogue_version, self._kernel, state)

    @property
    def _kernel(self) -> int:
        return source_digest() if self.kernel is None else self.kernel

    def _replay(self, reached: Checkpoint, past: RecordedPast) -> Checkpoint:
        slices = ordered(past.slices)
        total = int(slices.rows.sum())
        slices = slices.take(~_replayed(reached, slices))
        beginning = {place: int(slices.first_offset[slices.partition == place].min()) for place in _places(slices)}
        for window in windows(slices, beginning, size=self.window_records, labels=self.window_labels):
            self.report(reached.rows, total)
            reached = self._labels_until(reached, int(window.slices.label_seq[0]))
            reached = self._take(reached, window, past.places)
        reached = self._labels_until(reached, past.label_seq)
        self.report(reached.rows, total)
        return reached

    def _labels_until(self, reached: Checkpoint, label_seq: int) -> Checkpoint:
        while reached.label_seq < label_seq:
            upto = min(label_seq, reached.label_seq + self.window_labels)
            with self.store.step(self.catalogue_version) as step:
                customers = _customers(step, reached, upto, np.empty(0, np.int64), np.empty(0, np.int64))
                reached = _write(step, customers, replace(reached, stage=Stage.RUNNING), upto)
        return reached

    def _take(self, reached: Checkpoint, window: Window, places: Sequence[tuple[str, int]]) -> Checkpoint:
        slices = window.slices
        upto = int(slices.label_seq[-1])
        with self.store.step(self.catalogue_version) as step:
            events, label_seq = _payments(step, window, places)
            customers = _customers(step, reached, upto, events.user_id, events.merchant_id)
            customers.replay(events, label_seq)
            payers = np.unique(events.user_id)
            step.put_states(payers, customers.state[np.searchsorted(customers.users, payers)])
            further = replace(
                reached,
                stage=Stage.RUNNING,
                slice_label_seq=upto,
                slice_id=int(slices.slice_id[-1]),
                slices=reached.slices + len(slices),
                rows=reached.rows + len(events),
            )
            return _write(step, customers, further, upto)

    def _complete(self, reached: Checkpoint, past: RecordedPast) -> Checkpoint:
        complete = replace(reached, stage=Stage.COMPLETE, positions=past.positions)
        with self.store.step(self.catalogue_version) as step:
            step.reach(complete)
        return complete


def _replayed(reached: Checkpoint, slices: LedgerSlices) -> Bools:
    """Which slices stand at or before the last replayed one in the recorded order."""
    earlier: Bools = slices.label_seq < reached.slice_label_seq
    same: Bools = (slices.label_seq == reached.slice_label_seq) & (slices.slice_id <= reached.slice_id)
    return np.logical_or(earlier, same)


def _continues(reached: Checkpoint, past: RecordedPast) -> bool:
    """Whether the rest of the past comes after what was replayed.

    A slice that was under way when an earlier run looked may have been committed later and belong before.
    """
    replayed = _replayed(reached, past.slices)
    rest = past.slices.label_seq[~replayed]
    return int(replayed.sum()) == reached.slices and bool((rest >= reached.label_seq).all())


def _places(slices: LedgerSlices) -> list[int]:
    return [int(place) for place in np.unique(slices.partition)]


def _payments(step: RebuildStep, window: Window, places: Sequence[tuple[str, int]]) -> tuple[EventColumns, Ints]:
    """The payments of a window in the recorded order, and the labels that each score had seen."""
    parts = [step.payments(*places[part.partition], part.first, part.end) for part in window.ranges]
    slices = window.slices
    by_id = np.argsort(slices.slice_id)
    slice_id = np.concatenate([part.slice_id for part in parts])
    found = np.minimum(np.searchsorted(slices.slice_id, slice_id, sorter=by_id), len(slices) - 1)
    row = by_id[found]
    known = slices.slice_id[row] == slice_id
    stored = np.bincount(row[known], minlength=len(slices))
    if (stored != slices.rows).any():
        wrong = int(np.flatnonzero(stored != slices.rows)[0])
        raise ConfigurationError(
            f"slice {int(slices.slice_id[wrong])} scored {int(slices.rows[wrong])} payments and {int(stored[wrong])} "
            "are stored; without all of them no state can be rebuilt: restore "
            "a copy of the database that has them"
        )
    offset = np.concatenate([part.offset for part in parts])
    label_seq = slices.label_seq[row]
    order = np.lexsort((offset, slice_id, label_seq))
    order = order[known[order]]
    return _joined([part.events for part in parts]).take(order), label_seq[order]


def _joined(parts: Sequence[EventColumns]) -> EventColumns:
    names = EventColumns.__dataclass_fields__
    return EventColumns(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _customers(step: RebuildStep, reached: Checkpoint, upto: int, payers: Ints, merchants: Ints) -> RecordedCustomers:
    """Whoever paid in a window or is labelled in it, as they were before it."""
    ahead = step.labels(reached.label_seq, upto)
    users = np.union1d(payers, ahead.labels.user_id)
    shops = np.union1d(merchants, ahead.labels.merchant_id)
    customer_risk, merchant_risk = step.risks(users, shops[shops != ABSENT])
    risk = RiskReplay(
        ledger=step,
        catalogue_version=reached.catalogue_version,
        base=reached.label_base,
        customers=customer_risk,
        merchants=merchant_risk,
        label_seq=reached.label_seq,
        ahead=ahead,
    )
    return RecordedCustomers.after(users, step.states(users), risk)


def _write(step: RebuildStep, customers: RecordedCustomers, reached: Checkpoint, upto: int) -> Checkpoint:
    """Store the risk rows that labels up to a turn have moved, and how far the state is."""
    labels = customers.risk.ahead.labels
    customers.risk.advance(upto, horizon=upto)
    shops = np.unique(labels.merchant_id[labels.merchant_id != ABSENT])
    step.put_risks(_part(customers.risk.customers, np.unique(labels.user_id)), _part(customers.risk.merchants, shops))
    checkpoint = replace(reached, label_seq=upto)
    step.reach(checkpoint)
    return checkpoint


def _part(rows: RiskRows, keys: Ints) -> RiskRows:
    return RiskRows(keys, rows.rows[np.append(rows.row_of(keys), len(rows.keys))])
