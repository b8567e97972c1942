"""Fraud that has its root in a merchant: skimmed cards, a rogue merchant, a slow drip of small charges."""

from dataclasses import dataclass, field

import numpy as np

from fraudstream.features.events import Ints
from fraudstream.simulation.payments import DAY, HOUR, Bools, Payments, cents, in_sequence, no_payments
from fraudstream.simulation.stolen_cards import Country

SKIMMING, ROGUE_MERCHANT, SLOW_DRIP = 4, 5, 6
"""Scenario codes."""
STARTS = {SKIMMING: 0.12, ROGUE_MERCHANT: 0.065, SLOW_DRIP: 0.022}
"""Merchants that turn bad per thousand cardholders and day."""

SKIMMING_DAYS, SKIMMED_SHARE = 8, 0.35
DAYS_TO_USE = (1.5, 9.0)
SKIMMED_PAYMENTS, SKIMMED_GAP, SKIMMED_FACTOR = (1, 3), 5.0 * HOUR, (0.8, 2.0)
CLONED_TO_DEVICE = 0.7
"""Probability that a skimmed card is used from a device of the thief's rather than as the cardholder's own."""
ROGUE_DAYS, ROGUE_SHARE = 14, 0.6
DRIP_VICTIMS, DRIP_CHARGES, DRIP_AMOUNT = (8, 20), (4, 6), (7.0, 20.0)
DRIP_FIRST_DAYS, DRIP_GAP_DAYS, DRIP_GAP_DEVIATION = 3.0, 7.0, 0.4
VISITS = (2, 12)
"""Payments a day of a merchant that is worth compromising and small enough not to be watched."""


@dataclass
class Outbreaks:
    """When the next merchant turns bad: at gaps that differ, but never so much that a scenario stays away."""

    mean_gap: float
    """Milliseconds."""
    _next: float | None = None

    def due(self, first: int, rng: np.random.Generator) -> int:
        """How many merchants turn bad in the day that begins at `first`."""
        if self._next is None:
            self._next = first + self.mean_gap * rng.uniform(0.0, 0.5)
        count = 0
        while self._next < first + DAY:
            self._next += self.mean_gap * rng.uniform(0.5, 1.5)
            count += 1
        return count


@dataclass
class BadMerchants:
    """Merchants that are bad at the moment, of one kind."""

    lasting: int
    """Days."""
    outbreaks: Outbreaks
    _merchant: list[int] = field(default_factory=list)
    _end: list[int] = field(default_factory=list)

    def visits(self, genuine: Payments, first: int, merchants: int, rng: np.random.Generator) -> Bools:
        """Which of the day's genuine payments are at a bad merchant; some may turn bad this day."""
        open_cases = [at for at, end in enumerate(self._end) if end > first]
        self._merchant = [self._merchant[at] for at in open_cases]
        self._end = [self._end[at] for at in open_cases]
        busy = np.bincount(genuine.merchant, minlength=merchants)
        suited = np.flatnonzero((busy >= VISITS[0]) & (busy <= VISITS[1]))
        for _ in range(self.outbreaks.due(first, rng) if len(suited) else 0):
            self._merchant.append(int(rng.choice(suited)))
            self._end.append(first + self.lasting * DAY)
        bad = np.zeros(merchants, np.bool_)
        bad[self._merchant] = True
        return bad[genuine.merchant]


def skimmed(country: Country, source: Payments, rng: np.random.Generator) -> Payments:
    """Scenario 4: cards read at a bad merchant are used online days later; `source` are the payments read."""
    taken = source.take(np.flatnonzero(rng.random(len(source)) < SKIMMED_SHARE))
    if not len(taken):
        return no_payments()
    begin = taken.time + (rng.uniform(*DAYS_TO_USE, len(taken)) * DAY).astype(np.int64)
    counts = rng.integers(SKIMMED_PAYMENTS[0], SKIMMED_PAYMENTS[1] + 1, len(taken))
    episode, time = in_sequence(begin, counts, SKIMMED_GAP, rng)
    device = np.where(rng.random(len(taken)) < CLONED_TO_DEVICE, country.devices.issue(len(taken)), taken.device_id)
    site = country.population.merchants.draw_online(len(episode), rng)
    factor = rng.uniform(*SKIMMED_FACTOR, len(episode))
    amount = country.population.amounts(taken.customer[episode], site, rng, times=factor)
    return country.online_fraud(SKIMMING, taken.customer, episode, time, site, amount, device, rng)


def turned_rogue(genuine: Payments, visits: Bools, rng: np.random.Generator) -> Bools:
    """Scenario 5: which payments turn out to be fraud because the merchant was."""
    return visits & (rng.random(len(genuine)) < ROGUE_SHARE)


def slow_drip(country: Country, first: int, rng: np.random.Generator) -> Payments:
    """Scenario 6: one site charges many cards a small amount once a week until the cardholders notice."""
    customers = len(country.population.cardholders)
    victim = rng.choice(
        customers, min(customers, int(rng.integers(DRIP_VICTIMS[0], DRIP_VICTIMS[1] + 1))), replace=False
    )
    counts = rng.integers(DRIP_CHARGES[0], DRIP_CHARGES[1] + 1, len(victim))
    episode = np.repeat(np.arange(len(victim)), counts)
    time = first + _weekly(counts, episode, rng)
    sites = np.flatnonzero(country.population.merchants.online)
    site = np.full(len(episode), rng.choice(sites), np.int64)
    amount = cents(np.full(len(episode), rng.uniform(*DRIP_AMOUNT)))
    device = np.repeat(country.devices.issue(1), len(victim))
    return country.online_fraud(SLOW_DRIP, victim, episode, time, site, amount, device, rng)


def _weekly(counts: Ints, episode: Ints, rng: np.random.Generator) -> Ints:
    start = rng.exponential(DRIP_FIRST_DAYS, len(counts))
    turn = np.arange(len(episode)) - (np.cumsum(counts) - counts)[episode]
    drift = rng.normal(0.0, DRIP_GAP_DEVIATION, len(episode))
    return ((start[episode] + turn * DRIP_GAP_DAYS + np.abs(drift)) * DAY).astype(np.int64)
