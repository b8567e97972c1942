"""Payments that a replay has taken and that labels may still come for."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import EventColumns, Floats, Ints, joined


@dataclass(frozen=True)
class Unlabelled:
    """`n` payments, and the feature `amount_ratio` (n,) each of them had."""

    events: EventColumns
    amount_ratio: Floats


@dataclass(frozen=True)
class LabelledPayments:
    """What labels need of `n` payments; see `EventColumns`."""

    user_id: Ints
    merchant_id: Ints
    event_time: Floats
    amount_ratio: Floats


@dataclass(frozen=True)
class _Part:
    """Payments that were taken together; `first` is the row of the first of them."""

    first: int
    events: EventColumns
    amount_ratio: Floats
    labelled: npt.NDArray[np.bool_]


@dataclass
class TakenPayments:
    """Parts in the order in which they were taken; rows count from the first payment of the first."""

    end: int = 0
    _parts: list[_Part] = field(default_factory=list)

    def add(self, events: EventColumns, amount_ratio: Floats) -> None:
        """Keep the next payments."""
        if len(events):
            self._parts.append(_Part(self.end, events, amount_ratio, np.zeros(len(events), np.bool_)))
        self.end += len(events)

    def check_held(self, rows: Ints) -> None:
        """Whether every row that is not yet to come is still kept.

        Raises:
            ValueError: one is not.
        """
        rows = rows[rows < self.end]
        lost = rows[self._part_of(rows) < 0]
        if len(lost):
            raise ValueError(f"the payment in row {int(lost[0])} has had its label; a part takes one for each payment")

    def at(self, rows: Ints) -> LabelledPayments:
        """What labels need of the payments in `rows` (k,), which are kept."""
        count = len(rows)
        ids, floats = np.empty((2, count), np.int64), np.empty((2, count))
        found = LabelledPayments(ids[0], ids[1], floats[0], floats[1])
        part_of = self._part_of(rows)
        for number in np.unique(part_of).tolist():
            part, wanted = self._parts[number], part_of == number
            inside = rows[wanted] - part.first
            found.user_id[wanted] = part.events.user_id[inside]
            found.merchant_id[wanted] = part.events.merchant_id[inside]
            found.event_time[wanted] = part.events.event_time[inside]
            found.amount_ratio[wanted] = part.amount_ratio[inside]
        return found

    def label(self, rows: Ints) -> None:
        """A label has arrived for the payments in `rows`, which are kept."""
        part_of = self._part_of(rows)
        for number in np.unique(part_of).tolist():
            part = self._parts[number]
            part.labelled[rows[part_of == number] - part.first] = True

    def forget(self, *, needed: Ints) -> None:
        """Let parts go in which every payment has its label, but those with the rows `needed`."""
        used = set(self._part_of(needed).tolist())
        self._parts = [part for number, part in enumerate(self._parts) if number in used or not part.labelled.all()]

    def unlabelled(self) -> Unlabelled:
        """The payments without a label."""
        ratio = [np.empty(0), *(part.amount_ratio[~part.labelled] for part in self._parts)]
        return Unlabelled(joined([part.events.take(~part.labelled) for part in self._parts]), np.concatenate(ratio))

    def _part_of(self, rows: Ints) -> Ints:
        """The number of the part that keeps each row, -1 if none does."""
        firsts = np.array([part.first for part in self._parts], np.int64)
        ends = np.array([part.first + len(part.events) for part in self._parts], np.int64)
        found = np.searchsorted(firsts, rows, side="right") - 1
        if len(firsts):
            found[rows >= ends[found]] = -1
        return found.astype(np.int64)
