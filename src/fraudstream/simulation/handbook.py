"""The Handbook world: cards and terminals of the Fraud Detection Handbook, for comparison with published figures.

Implemented from its published description (Y. Le Borgne, W. Siblini, B. Lebichot, G. Bontempi, "Reproducible Machine
Learning for Credit Card Fraud Detection", 2022). Seed 0 is the published data set, payment by payment; any other
seed draws from the same distributions.
"""

import hashlib
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import ABSENT, Bytes, EventColumns, Ints
from fraudstream.features.replay import LabelArrivals
from fraudstream.simulation.handbook_draws import DAY_SECONDS, Draws, PublishedDraws, SeededDraws, Town
from fraudstream.simulation.payments import Scenarios
from fraudstream.simulation.randomness import Stream, key_words
from fraudstream.simulation.transaction_ids import transaction_ids

START = 1_522_540_800.0
"""2018-04-01 UTC, in seconds since 1970."""
CARDS, TERMINALS, DAYS = 5_000, 10_000, 183
RADIUS = 5.0
"""A card is used at terminals nearer than this, on a grid of 100 by 100."""
LABEL_DELAY = 7 * DAY_SECONDS
"""Seconds after which the outcome of every payment is known."""

LARGE_AMOUNT, BAD_TERMINAL, STOLEN_NUMBER = 1, 2, 3
SCENARIOS: dict[int, str] = {
    LARGE_AMOUNT: "amount above 220",
    BAD_TERMINAL: "compromised terminal",
    STOLEN_NUMBER: "stolen card number",
}
"""Names of the scenario codes, for reports."""

_LARGEST_GENUINE = 22_000
"""Cents."""
_TERMINALS_A_DAY, _TERMINAL_DAYS = 2, 28
_CARDS_A_DAY, _CARD_DAYS, _MISUSED_PART, _MISUSED_TIMES = 3, 14, 3, 5


@dataclass(frozen=True)
class HandbookPayments:
    """`n` payments in the order of their seconds.

    `second` counts from the beginning of the first day; `scenario` is 0 for a genuine payment.
    """

    second: Ints
    card: Ints
    terminal: Ints
    cents: Ints
    scenario: Scenarios

    def __len__(self) -> int:
        """Number of payments."""
        return len(self.second)

    def take(self, index: Ints) -> Self:
        """The payments at `index`, in its order."""
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))

    def digest(self) -> str:
        """SHA-256 of the payments whatever their order, in hexadecimal."""
        fraud = self.scenario > 0
        columns = np.column_stack([self.second, self.card, self.terminal, self.cents, fraud, self.scenario])
        order = np.lexsort(columns.T[::-1])
        return hashlib.sha256(np.ascontiguousarray(columns[order], "<i8").tobytes()).hexdigest()


class HandbookWorld:
    """Cards that pay at terminals near them, and three kinds of fraud; a function of its arguments alone.

    Args:
        seed: 0 is the published data set, if the sizes are left alone.
        cards: number of cards.
        terminals: number of terminals.
        days: days from `START` on.

    Raises:
        ConfigurationError: an argument is out of range.
    """

    def __init__(self, seed: int, *, cards: int = CARDS, terminals: int = TERMINALS, days: int = DAYS) -> None:
        if seed < 0:
            raise ConfigurationError(f"seed {seed} is negative; use 0 or more")
        if cards < _CARDS_A_DAY or terminals < _TERMINALS_A_DAY or days < 1:
            raise ConfigurationError(
                f"{cards} cards, {terminals} terminals and {days} days are no world; use at least "
                f"{_CARDS_A_DAY}, {_TERMINALS_A_DAY} and 1"
            )
        self.seed, self.cards, self.terminals, self.days = seed, cards, terminals, days

    def payments(self) -> HandbookPayments:
        """Every payment of the world."""
        draws: Draws = SeededDraws(self.seed) if self.seed else PublishedDraws()
        payments = _genuine(draws, draws.town(self.cards, self.terminals), self.days)
        fraud = _Fraud(payments, draws, cards=self.cards, terminals=self.terminals)
        return fraud.committed()

    def events(self, payments: HandbookPayments) -> tuple[EventColumns, Scenarios]:
        """Payments of this world as the rest of the system sees them, sorted by time and id, and their scenarios.

        Cards are users and terminals merchants; what the world does not have is absent.
        """
        count = len(payments)
        ids = transaction_ids(key_words(self.seed, Stream.TRANSACTION_IDS, self.cards, self.days), 0, count)
        order = np.lexsort([np.ascontiguousarray(ids).view(">u8")[:, 0], payments.second])
        return _columns(payments.take(order), ids[order]), payments.scenario[order]


def labels_of(events: EventColumns, scenario: Scenarios) -> LabelArrivals:
    """One true label for every payment, `LABEL_DELAY` after it."""
    return LabelArrivals(np.arange(len(events)), events.event_time + LABEL_DELAY, scenario > 0)


def _columns(payments: HandbookPayments, ids: Bytes) -> EventColumns:
    absent = np.full(len(payments), ABSENT)
    code = absent.astype(np.int16)
    return EventColumns(
        transaction_id=ids,
        user_id=payments.card,
        event_time=payments.second.astype(np.float64) + START,
        amount=payments.cents / 100.0,
        category=code,
        location=code,
        payment_method=code,
        merchant_id=payments.terminal,
        device_id=absent,
        channel=code,
    )


def _genuine(draws: Draws, town: Town, days: int) -> HandbookPayments:
    """Payments before any fraud, by second; those of one second card by card. A card without a terminal pays none."""
    attempts = draws.attempts(town, days)
    counts = np.bincount(attempts.card, minlength=len(town.mean))
    terminal = np.full(len(attempts.card), ABSENT)
    ends = np.cumsum(counts)
    for card, (place, count) in enumerate(zip(town.card_place, counts, strict=True)):
        distance = (town.terminal_place[:, 0] - place[0]) ** 2 + (town.terminal_place[:, 1] - place[1]) ** 2
        near = np.flatnonzero(distance < RADIUS**2)
        if len(near) and count:
            terminal[ends[card] - count : ends[card]] = near[draws.choices(card, len(near), count)]
    payments = HandbookPayments(
        attempts.second,
        attempts.card,
        terminal,
        np.rint(attempts.amount * 100).astype(np.int64),
        np.zeros(len(terminal), np.int8),
    )
    kept = np.flatnonzero(terminal != ABSENT)
    return payments.take(kept[np.argsort(attempts.second[kept], kind="stable")])


class _Fraud:
    """What is done to genuine payments, scenario after scenario; a later one overrides an earlier one."""

    def __init__(self, payments: HandbookPayments, draws: Draws, *, cards: int, terminals: int) -> None:
        self._payments, self._draws = payments, draws
        self._cards, self._terminals = cards, terminals
        self._cents, self._scenario = payments.cents.copy(), payments.scenario.copy()

    def committed(self) -> HandbookPayments:
        """The payments with the fraud among them."""
        self._scenario[self._cents > _LARGEST_GENUINE] = LARGE_AMOUNT
        days = range(int(self._payments.second.max(initial=0)) // DAY_SECONDS)
        self._use_bad_terminals(days)
        self._misuse_cards(days)
        return HandbookPayments(
            self._payments.second, self._payments.card, self._payments.terminal, self._cents, self._scenario
        )

    def _use_bad_terminals(self, days: range) -> None:
        rows = _RowsByKey(self._payments.terminal, self._terminals)
        for day in days:
            for terminal in self._draws.compromised(day, self._terminals, _TERMINALS_A_DAY):
                self._scenario[self._within(rows.of(terminal), day, _TERMINAL_DAYS)] = BAD_TERMINAL

    def _misuse_cards(self, days: range) -> None:
        rows = _RowsByKey(self._payments.card, self._cards)
        for day in days:
            stolen = self._draws.compromised(day, self._cards, _CARDS_A_DAY)
            used = np.sort(np.concatenate([self._within(rows.of(card), day, _CARD_DAYS) for card in stolen]))
            misused = used[self._draws.subset(day, len(used), len(used) // _MISUSED_PART)]
            self._cents[misused] *= _MISUSED_TIMES
            self._scenario[misused] = STOLEN_NUMBER

    def _within(self, rows: Ints, day: int, lasting: int) -> Ints:
        bounds = np.array([day, day + lasting]) * DAY_SECONDS
        low, high = np.searchsorted(self._payments.second[rows], bounds, side="left")
        return rows[low:high]


class _RowsByKey:
    """The rows of each key 0 to `keys` - 1, ascending."""

    def __init__(self, key: Ints, keys: int) -> None:
        self._order = np.argsort(key, kind="stable")
        self._ends = np.cumsum(np.bincount(key, minlength=keys))

    def of(self, key: int) -> Ints:
        return self._order[self._ends[key - 1] if key else 0 : self._ends[key]]
