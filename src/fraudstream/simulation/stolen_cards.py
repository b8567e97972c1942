"""Fraud against one cardholder: card testing, a stolen card, a taken-over account."""

from dataclasses import dataclass

import numpy as np

from fraudstream.features.events import LOCATIONS, Codes, Floats, Ints
from fraudstream.simulation.payments import DAY, HOUR, MINUTE, SECOND, Payments, cents, in_sequence, joined
from fraudstream.simulation.population import CREDIT_CARD, DEBIT_CARD, DeviceNumbers, Population
from fraudstream.simulation.spending import Spending

CARD_TESTING, STOLEN_CARD, ACCOUNT_TAKEOVER = 1, 2, 3
"""Scenario codes."""
EPISODES = {CARD_TESTING: 0.29, STOLEN_CARD: 0.68, ACCOUNT_TAKEOVER: 0.72}
"""Episodes per thousand cardholders and day: each kind is about a fifth of all fraud."""

TEST_PAYMENTS, TEST_GAP, TEST_AMOUNT = (5, 13), 50.0 * SECOND, (0.6, 6.0)
CASH_OUT_PAYMENTS, CASH_OUT_GAP, CASH_OUT_FACTOR = (1, 3), 15.0 * MINUTE, 3.0
STOLEN_PAYMENTS, STOLEN_GAP, STOLEN_FACTOR = (3, 6), 25.0 * MINUTE, (1.2, 3.0)
STOLEN_AT_HOME = 0.45
TAKEOVER_PAYMENTS, TAKEOVER_FACTOR, TAKEOVER_DAYS = (2, 5), (1.2, 3.5), 0.7
NIGHT_HOUR, NIGHT_DEVIATION = 3.0, 2.5
SEEMS_AT_HOME = 0.6
"""Probability that an online fraud gives the cardholder's own city."""


@dataclass(frozen=True)
class Country:
    """What fraud scenarios know of the world around them."""

    population: Population
    spending: Spending
    devices: DeviceNumbers

    def victims(self, episodes: float, rng: np.random.Generator) -> Ints:
        """Cardholders hit today, where `episodes` are expected per thousand of them."""
        customers = len(self.population.cardholders)
        return rng.integers(0, customers, rng.poisson(episodes * customers / 1_000))

    def claimed_city(self, customer: Ints, rng: np.random.Generator) -> Codes:
        """The city an online fraud comes from, as far as one can see."""
        home = self.population.cardholders.home[customer]
        return np.where(rng.random(len(customer)) < SEEMS_AT_HOME, home, rng.integers(0, len(LOCATIONS), len(customer)))

    def online_fraud(
        self,
        scenario: int,
        episode_customer: Ints,
        episode: Ints,
        time: Ints,
        merchant: Ints,
        amount: Floats,
        device: Ints,
        rng: np.random.Generator,
    ) -> Payments:
        """Payments online; what is given by episode (customer, device, city, method) is the same for all of one."""
        city = self.claimed_city(episode_customer, rng)
        method = self.population.methods(episode_customer, np.ones(len(episode_customer), np.bool_), rng)
        return Payments(
            time=time,
            customer=episode_customer[episode],
            merchant=merchant,
            amount=amount,
            location=city[episode].astype(np.int16),
            payment_method=method[episode],
            device_id=device[episode],
            scenario=np.full(len(episode), scenario, np.int8),
        )


def card_testing(country: Country, first: int, rng: np.random.Generator) -> Payments:
    """Scenario 1: a burst of tiny online payments from a new device, then larger ones."""
    victim = country.victims(EPISODES[CARD_TESTING], rng)
    merchants = country.population.merchants
    device = country.devices.issue(len(victim))
    sites = merchants.draw_online(2 * len(victim), rng).reshape(-1, 2)
    tests = _counts(TEST_PAYMENTS, victim, rng)
    episode, time = in_sequence(_moments(first, victim, rng), tests, TEST_GAP, rng)
    site = sites[episode, rng.integers(0, 2, len(episode))]
    tiny = cents(rng.uniform(*TEST_AMOUNT, len(episode)))
    testing = country.online_fraud(CARD_TESTING, victim, episode, time, site, tiny, device, rng)
    tested = time[np.cumsum(tests) - 1]
    episode, time = in_sequence(tested, _counts(CASH_OUT_PAYMENTS, victim, rng), CASH_OUT_GAP, rng)
    site = merchants.draw_online(len(episode), rng)
    large = country.population.amounts(victim[episode], site, rng, times=CASH_OUT_FACTOR)
    cash_out = country.online_fraud(CARD_TESTING, victim, episode, time, site, large, device, rng)
    return joined([testing, cash_out])


def stolen_card(country: Country, first: int, rng: np.random.Generator) -> Payments:
    """Scenario 2: the card itself in a stranger's hands, in shops at home or in another city."""
    victim = country.victims(EPISODES[STOLEN_CARD], rng)
    population = country.population
    episode, time = in_sequence(_moments(first, victim, rng), _counts(STOLEN_PAYMENTS, victim, rng), STOLEN_GAP, rng)
    elsewhere = np.where(rng.random(len(victim)) < STOLEN_AT_HOME, 0, rng.integers(1, len(LOCATIONS), len(victim)))
    city = ((population.cardholders.home[victim] + elsewhere) % len(LOCATIONS)).astype(np.int16)[episode]
    customer = victim[episode]
    shop = population.merchants.draw_in(city, rng)
    return Payments(
        time=time,
        customer=customer,
        merchant=shop,
        amount=population.amounts(customer, shop, rng, times=rng.uniform(*STOLEN_FACTOR, len(episode))),
        location=city,
        payment_method=rng.choice((CREDIT_CARD, DEBIT_CARD), len(episode)).astype(np.int16),
        device_id=country.spending.device(customer, time),
        scenario=np.full(len(episode), STOLEN_CARD, np.int8),
    )


def account_takeover(country: Country, first: int, rng: np.random.Generator) -> Payments:
    """Scenario 3: a stranger's device pays online at night, over a day or two."""
    victim = country.victims(EPISODES[ACCOUNT_TAKEOVER], rng)
    counts = _counts(TAKEOVER_PAYMENTS, victim, rng)
    episode = np.repeat(np.arange(len(victim)), counts)
    day = rng.exponential(TAKEOVER_DAYS, len(episode)).astype(np.int64)
    hour = rng.normal(NIGHT_HOUR, NIGHT_DEVIATION, len(episode)) % 24.0
    time = first + day * DAY + np.minimum((hour * HOUR).astype(np.int64), DAY - 1)
    site = country.population.merchants.draw_online(len(episode), rng)
    factor = rng.uniform(*TAKEOVER_FACTOR, len(episode))
    amount = country.population.amounts(victim[episode], site, rng, times=factor)
    device = country.devices.issue(len(victim))
    return country.online_fraud(ACCOUNT_TAKEOVER, victim, episode, time, site, amount, device, rng)


def _counts(bounds: tuple[int, int], victim: Ints, rng: np.random.Generator) -> Ints:
    return rng.integers(bounds[0], bounds[1] + 1, len(victim))


def _moments(first: int, victim: Ints, rng: np.random.Generator) -> Ints:
    return first + rng.integers(0, DAY, len(victim))
