"""Risk rows as they were after any number of labels, moved forward only."""

from dataclasses import dataclass

import numpy as np

from fraudstream.features.events import Codes, Ints
from fraudstream.features.label_history import (
    LabelHistory,
    RiskRows,
    apply_step,
    contradictions,
    empty_history,
)
from fraudstream.ports.ledger import LabelLedger, LabelSteps

LABELS_AT_ONCE = 100_000
"""Labels held in memory at a time."""


@dataclass
class RiskReplay:
    """Rows of some customers and merchants after `label_seq` labels, moved in place.

    `base` labels are contained in the rows that the log began with. `ahead` are labels that have been read already,
    in order and from the next one on. Every merchant of a label that is yet to come must be among the `merchants`.
    """

    ledger: LabelLedger
    catalogue_version: int
    base: int
    customers: RiskRows
    merchants: RiskRows
    label_seq: int
    ahead: LabelSteps

    @classmethod
    def at_the_beginning(
        cls, ledger: LabelLedger, catalogue_version: int, base: int, customers: RiskRows
    ) -> "RiskReplay":
        """The rows that the log began with, which contain `base` labels; `customers` are moved in place."""
        merchants = ledger.initial_merchants(catalogue_version)
        nothing = LabelSteps(empty_history(), np.empty(0, np.int16))
        return cls(ledger, catalogue_version, base, customers, merchants, base, nothing)

    def advance(self, upto: int, *, horizon: int) -> None:
        """Apply the labels up to a turn; those up to `horizon` may be read along."""
        while self.label_seq < upto:
            turns = self.ahead.labels.label_seq
            if not len(turns) or turns[-1] <= self.label_seq:
                end = min(max(upto, horizon), self.label_seq + LABELS_AT_ONCE)
                self.ahead = self.ledger.labels(self.label_seq, end)
                turns = self.ahead.labels.label_seq
                if not len(turns):
                    self.label_seq = min(upto, end)
                    continue
            first, stop = np.searchsorted(turns, [self.label_seq, upto], side="right")
            self._step(self.ahead.labels.take(slice(first, stop)), self.ahead.before[first:stop])
            self.label_seq = upto if stop < len(turns) else min(upto, int(turns[-1]))

    def _step(self, step: LabelHistory, before: Codes) -> None:
        if not len(step):
            return
        again = contradictions(step, before)
        past = empty_history()
        if again:
            users = np.intersect1d(again.users, self.customers.keys)
            past = self.ledger.past(users, again.merchants, after=self.base, upto=int(step.label_seq[0]) - 1)
            self._back_to_the_beginning(users, again.merchants)
        apply_step(step, before, self.customers, self.merchants, again=again, past=past)

    def _back_to_the_beginning(self, users: Ints, merchants: Ints) -> None:
        _, rows = self.ledger.initial_customers(self.catalogue_version, users)
        self.customers.put(users, rows.rows[:-1])
        self.merchants.put(merchants, self.ledger.initial_merchants(self.catalogue_version, merchants).rows[:-1])
