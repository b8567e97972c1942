"""Ordinary life: everyday payments, trips, new phones, shopping bursts and big tickets."""

import numpy as np

from fraudstream.features.events import Codes, Floats, Ints
from fraudstream.simulation.payments import DAY, HOUR, MINUTE, Payments, in_sequence, joined
from fraudstream.simulation.population import (
    FAVOURITE_SHOPS,
    FAVOURITE_SITES,
    DeviceNumbers,
    Population,
    destinations,
)
from fraudstream.simulation.randomness import pick

WEEKEND_FACTOR, WEEKDAY_FACTOR = 1.20, 0.92
"""Payments on a Saturday or Sunday, and on other days, as multiples of the average day."""
ONLINE_SHARE = 0.28
LOYALTY_IN_SHOPS, LOYALTY_ONLINE = 0.88, 0.85
"""Probability of going to a favourite, when at home."""
BIG_TICKET_SHARE, BIG_TICKET_FACTOR = 0.006, 6.0
DAYS_BETWEEN_TRIPS = 45.0
TRIP_DAYS = (1.5, 6.0)
DAYS_BETWEEN_PHONES = 120.0
DAYS_BETWEEN_BURSTS = 22.0
BURST_PAYMENTS = (4, 8)
BURST_GAP = 9.0 * MINUTE
BURST_HOURS = (11.0, 19.0)
BURSTS_ONLINE = 0.4
HOUR_DEVIATION = 3.6

_FIRST_SUNDAY = 3
"""1970-01-01 was a Thursday: day 3 was the first Sunday."""


class Spending:
    """Where everybody is, what they carry, and what they buy from day to day.

    Days are asked for one after the other: trips and phones of one day last into the next.
    """

    def __init__(self, population: Population, devices: DeviceNumbers) -> None:
        self._population = population
        self._devices = devices
        customers = len(population.cardholders)
        self._destinations = destinations()
        self._trip_city = population.cardholders.home.copy()
        self._trip_start = np.zeros(customers, np.int64)
        self._trip_end = np.zeros(customers, np.int64)
        self._device = devices.first()
        self._old_device = self._device.copy()
        self._device_since = np.zeros(customers, np.int64)

    def day(self, first: int, rng: np.random.Generator) -> Payments:
        """The genuine payments of the day that begins at `first` (milliseconds since 1970 UTC)."""
        self._begin_trips(first, rng)
        self._replace_phones(first, rng)
        return joined([self._everyday(first, rng), self._bursts(first, rng)])

    def location(self, customer: Ints, time: Ints) -> Codes:
        """The city each customer is in."""
        away = (self._trip_start[customer] <= time) & (time < self._trip_end[customer])
        return np.where(away, self._trip_city[customer], self._population.cardholders.home[customer])

    def device(self, customer: Ints, time: Ints) -> Ints:
        """The device each customer pays with; asked about times of the day in hand or later."""
        return np.where(time >= self._device_since[customer], self._device[customer], self._old_device[customer])

    def _begin_trips(self, first: int, rng: np.random.Generator) -> None:
        cardholders = self._population.cardholders
        leaving = np.flatnonzero((rng.random(len(cardholders)) < 1 / DAYS_BETWEEN_TRIPS) & (self._trip_end <= first))
        self._trip_city[leaving] = pick(self._destinations[cardholders.home[leaving]], rng)
        self._trip_start[leaving] = first + rng.integers(0, DAY, len(leaving))
        lasting = (rng.uniform(*TRIP_DAYS, len(leaving)) * DAY).astype(np.int64)
        self._trip_end[leaving] = self._trip_start[leaving] + lasting

    def _replace_phones(self, first: int, rng: np.random.Generator) -> None:
        buying = np.flatnonzero(rng.random(len(self._device)) < 1 / DAYS_BETWEEN_PHONES)
        self._old_device[buying] = self._device[buying]
        self._device[buying] = self._devices.issue(len(buying))
        self._device_since[buying] = first + rng.integers(0, DAY, len(buying))

    def _everyday(self, first: int, rng: np.random.Generator) -> Payments:
        cardholders = self._population.cardholders
        weekend = (first // DAY - _FIRST_SUNDAY) % 7 in {0, 6}
        counts = rng.poisson(cardholders.daily_rate * (WEEKEND_FACTOR if weekend else WEEKDAY_FACTOR))
        customer = np.repeat(np.arange(len(cardholders)), counts)
        hour = rng.normal(cardholders.peak_hour[customer], HOUR_DEVIATION) % 24.0
        time = first + np.minimum((hour * HOUR).astype(np.int64), DAY - 1)
        location = self.location(customer, time)
        online = rng.random(len(customer)) < ONLINE_SHARE
        merchant = np.empty(len(customer), np.int64)
        sites, shops = np.flatnonzero(online), np.flatnonzero(~online)
        merchant[sites] = self._choose_sites(customer[sites], rng)
        merchant[shops] = self._choose_shops(customer[shops], location[shops], rng)
        big = np.where(rng.random(len(customer)) < BIG_TICKET_SHARE, BIG_TICKET_FACTOR, 1.0)
        return self._payments(time, customer, merchant, rng, times=big)

    def _bursts(self, first: int, rng: np.random.Generator) -> Payments:
        shoppers = np.flatnonzero(rng.random(len(self._device)) < 1 / DAYS_BETWEEN_BURSTS)
        counts = rng.integers(BURST_PAYMENTS[0], BURST_PAYMENTS[1] + 1, len(shoppers))
        begin = first + (rng.uniform(*BURST_HOURS, len(shoppers)) * HOUR).astype(np.int64)
        episode, time = in_sequence(begin, counts, BURST_GAP, rng)
        customer = shoppers[episode]
        online = (rng.random(len(shoppers)) < BURSTS_ONLINE)[episode]
        in_town = self._population.merchants.draw_in(self.location(customer, time), rng)
        on_the_web = self._population.merchants.draw_online(len(customer), rng)
        return self._payments(time, customer, np.where(online, on_the_web, in_town), rng)

    def _choose_sites(self, customer: Ints, rng: np.random.Generator) -> Ints:
        rank = np.minimum(rng.exponential(2.5, len(customer)).astype(np.int64), FAVOURITE_SITES - 1)
        known = self._population.cardholders.favourite_sites[customer, rank]
        other = self._population.merchants.draw_online(len(customer), rng)
        return np.where(rng.random(len(customer)) < LOYALTY_ONLINE, known, other)

    def _choose_shops(self, customer: Ints, location: Codes, rng: np.random.Generator) -> Ints:
        cardholders = self._population.cardholders
        rank = np.minimum(rng.exponential(6.0, len(customer)).astype(np.int64), FAVOURITE_SHOPS - 1)
        known = cardholders.favourite_shops[customer, rank]
        other = self._population.merchants.draw_in(location, rng)
        at_home = location == cardholders.home[customer]
        return np.where(at_home & (rng.random(len(customer)) < LOYALTY_IN_SHOPS), known, other)

    def _payments(
        self, time: Ints, customer: Ints, merchant: Ints, rng: np.random.Generator, *, times: Floats | float = 1.0
    ) -> Payments:
        population = self._population
        return Payments(
            time=time,
            customer=customer,
            merchant=merchant,
            amount=population.amounts(customer, merchant, rng, times=times),
            location=self.location(customer, time),
            payment_method=population.methods(customer, population.merchants.online[merchant], rng),
            device_id=self.device(customer, time),
            scenario=np.zeros(len(time), np.int8),
        )
