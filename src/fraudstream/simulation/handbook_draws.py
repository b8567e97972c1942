"""The random draws of the Handbook world: the published ones number by number, and any other seed's at once."""

import random
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numba import njit

from fraudstream.features.events import Floats, Ints
from fraudstream.simulation.randomness import Stream, generator

DAY_SECONDS = 86_400
NOON, SPREAD = 43_200.0, 20_000.0
"""Seconds of the day: payments are normally distributed around noon; what falls outside the day is not made."""
LARGEST_MEAN, SMALLEST_MEAN, LARGEST_RATE, GRID = 100.0, 5.0, 4.0, 100.0
"""Units of currency, payments a day, and the side of the square everybody lives on."""


@dataclass(frozen=True)
class Town:
    """`c` cards with place (c, 2), mean amount and daily rate (c,), and the places (t, 2) of the terminals."""

    card_place: Floats
    mean: Floats
    rate: Floats
    terminal_place: Floats


@dataclass(frozen=True)
class Attempts:
    """Payments card by card: seconds since the first day began, card and amount, each (n,)."""

    second: Ints
    card: Ints
    amount: Floats


class Draws(Protocol):
    """Every random choice of a Handbook world."""

    def town(self, cards: int, terminals: int) -> Town:
        """Who and what there is."""
        ...

    def attempts(self, town: Town, days: int) -> Attempts:
        """When each card pays and how much, card by card and day by day."""
        ...

    def choices(self, card: int, options: int, count: int) -> Ints:
        """`count` numbers below `options` (at least 1): where a card pays."""
        ...

    def compromised(self, day: int, among: int, count: int) -> Ints:
        """`count` different numbers below `among`: what is compromised on a day."""
        ...

    def subset(self, day: int, among: int, count: int) -> Ints:
        """`count` different numbers below `among`: the payments of that day's compromised cards that are fraud."""
        ...


class PublishedDraws:
    """The draws behind the published data set, from NumPy's and Python's old generators."""

    def town(self, cards: int, terminals: int) -> Town:
        """See `Draws.town`."""
        drawn = np.random.RandomState(0).uniform(size=(cards, 4))
        places = np.random.RandomState(1).uniform(size=(terminals, 2))
        return _town(drawn, places)

    def attempts(self, town: Town, days: int) -> Attempts:
        """See `Draws.attempts`."""
        return Attempts(*_published_attempts(town.mean, town.rate, days))

    def choices(self, card: int, options: int, count: int) -> Ints:
        """See `Draws.choices`."""
        choice, numbers = random.Random(card).choice, range(options)  # noqa: S311 - a simulation
        return np.array([choice(numbers) for _ in range(count)], np.int64)

    def compromised(self, day: int, among: int, count: int) -> Ints:
        """See `Draws.compromised`."""
        return np.random.RandomState(day).choice(among, count, replace=False)

    def subset(self, day: int, among: int, count: int) -> Ints:
        """See `Draws.subset`."""
        return np.array(random.Random(day).sample(range(among), count), np.int64)  # noqa: S311 - a simulation


class SeededDraws:
    """The same distributions from a seed of one's own."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def town(self, cards: int, terminals: int) -> Town:
        """See `Draws.town`."""
        rng = generator(self._seed, Stream.CARDHOLDERS)
        return _town(rng.random((cards, 4)), generator(self._seed, Stream.MERCHANTS).random((terminals, 2)))

    def attempts(self, town: Town, days: int) -> Attempts:
        """See `Draws.attempts`."""
        rng = generator(self._seed, Stream.SPENDING)
        counts = rng.poisson(np.repeat(town.rate[:, None], days, axis=1))
        number = np.repeat(np.arange(counts.size), counts.ravel())
        moment = rng.normal(NOON, SPREAD, len(number)).astype(np.int64)
        made = (moment > 0) & (moment < DAY_SECONDS)
        card, day = np.divmod(number[made], days)
        amount = rng.normal(town.mean[card], town.mean[card] / 2)
        negative = np.flatnonzero(amount < 0)
        amount[negative] = rng.uniform(0.0, 2 * town.mean[card[negative]])
        return Attempts(day * DAY_SECONDS + moment[made], card, amount)

    def choices(self, card: int, options: int, count: int) -> Ints:
        """See `Draws.choices`."""
        return generator(self._seed, Stream.SCENARIOS, 0, card).integers(0, options, count)

    def compromised(self, day: int, among: int, count: int) -> Ints:
        """See `Draws.compromised`."""
        return generator(self._seed, Stream.SCENARIOS, 1, day, among).choice(among, count, replace=False)

    def subset(self, day: int, among: int, count: int) -> Ints:
        """See `Draws.subset`."""
        return generator(self._seed, Stream.SCENARIOS, 2, day).choice(among, count, replace=False)


def _town(cards: Floats, terminals: Floats) -> Town:
    """A town from numbers between 0 and 1: place, mean and rate of each card, and the terminals' places."""
    return Town(
        card_place=cards[:, :2] * GRID,
        mean=SMALLEST_MEAN + cards[:, 2] * (LARGEST_MEAN - SMALLEST_MEAN),
        rate=cards[:, 3] * LARGEST_RATE,
        terminal_place=terminals * GRID,
    )


@njit(cache=True)  # type: ignore[untyped-decorator]
def _published_attempts(mean: Floats, rate: Floats, days: int) -> tuple[Ints, Ints, Floats]:
    """Compiled, these draws are those of NumPy's old generator, seeded with the number of the card."""
    second, number, paid = [0][:0], [0][:0], [0.0][:0]
    for card in range(len(mean)):
        np.random.seed(card)  # noqa: NPY002 - the published generator
        for day in range(days):
            for _ in range(np.random.poisson(rate[card])):  # noqa: NPY002 - same
                moment = int(np.random.normal(NOON, SPREAD))  # noqa: NPY002 - same
                if 0 < moment < DAY_SECONDS:
                    amount = np.random.normal(mean[card], mean[card] / 2)  # noqa: NPY002 - same
                    if amount < 0.0:
                        amount = np.random.uniform(0.0, 2 * mean[card])  # noqa: NPY002 - same
                    second.append(day * DAY_SECONDS + moment)
                    number.append(card)
                    paid.append(amount)
    return np.array(second), np.array(number), np.array(paid)
