"""Fraud is rare, of six kinds, and each kind does what it is named for."""

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from fraudstream.features.events import CHANNELS, EventColumns
from fraudstream.simulation.bad_merchants import ROGUE_MERCHANT, SKIMMING, SLOW_DRIP, skimmed
from fraudstream.simulation.payments import DAY as MILLISECONDS_A_DAY
from fraudstream.simulation.population import DeviceNumbers
from fraudstream.simulation.scenarios import SCENARIOS
from fraudstream.simulation.spending import Spending
from fraudstream.simulation.stolen_cards import ACCOUNT_TAKEOVER, CARD_TESTING, STOLEN_CARD, Country

from .conftest import simulated

if TYPE_CHECKING:
    from .conftest import Simulated

ONLINE = CHANNELS.index("online")
HOUR, DAY = 3_600.0, 86_400.0


def of_kind(city: "Simulated", scenario: int) -> EventColumns:
    return city.events.take(city.scenario == scenario)


def known_devices(city: "Simulated") -> set[tuple[int, int]]:
    genuine = city.events.take(city.scenario == 0)
    return set(zip(genuine.user_id.tolist(), genuine.device_id.tolist(), strict=True))


def strangers_share(city: "Simulated", events: EventColumns) -> float:
    known = known_devices(city)
    return float(np.mean([pair not in known for pair in zip(events.user_id, events.device_id, strict=True)]))


@pytest.mark.parametrize("seed", [1, 7, 11])
def test_about_six_payments_in_a_thousand_are_fraud(seed: int) -> None:
    assert 0.0045 < np.mean(simulated(seed, customers=2_000).scenario > 0) < 0.0080


@pytest.mark.parametrize("seed", [1, 7, 11])
def test_every_scenario_occurs_and_none_dominates(seed: int) -> None:
    scenario = simulated(seed, customers=2_000).scenario
    shares = np.bincount(scenario[scenario > 0], minlength=7)[1:] / np.count_nonzero(scenario)

    assert len(shares) == len(SCENARIOS)
    assert np.all((shares > 0.02) & (shares < 0.40))


def test_fraud_grows_with_the_number_of_customers() -> None:
    frauds = [np.count_nonzero(simulated(5, customers, days=20).scenario) for customers in (500, 5_000)]

    assert 5 < frauds[1] / frauds[0] < 20


def test_card_testing_is_a_burst_of_tiny_payments_before_a_cash_out(city: "Simulated") -> None:
    events = of_kind(city, CARD_TESTING)
    bursts = [events.take(events.device_id == device) for device in np.unique(events.device_id)]
    whole = [burst for burst in bursts if len(burst) > 5]

    assert len(whole) > 10
    assert all(np.all(burst.amount[:5] <= 6.0) and np.all(burst.channel == ONLINE) for burst in whole)
    assert np.median([burst.event_time[4] - burst.event_time[0] for burst in whole]) < 600
    assert np.median([burst.amount.max() for burst in whole]) > 50
    assert strangers_share(city, events) == 1.0


def test_a_stolen_card_is_used_in_shops_and_partly_in_another_city(city: "Simulated") -> None:
    events = of_kind(city, STOLEN_CARD)
    home = city.world.population.cardholders.home[events.user_id - 1_000]

    assert not np.any(events.channel == ONLINE)
    assert 0.35 < np.mean(events.location != home) < 0.75
    assert strangers_share(city, events) < 0.1


def test_a_taken_over_account_pays_online_at_night_from_a_strange_device(city: "Simulated") -> None:
    events = of_kind(city, ACCOUNT_TAKEOVER)
    hour = events.event_time % DAY / HOUR

    assert np.all(events.channel == ONLINE)
    assert np.mean((hour < 8) | (hour > 22)) > 0.9
    assert strangers_share(city, events) == 1.0


def test_a_third_of_the_cards_read_at_a_bad_merchant_are_used_online_days_later(city: "Simulated") -> None:
    population = city.world.population
    devices = DeviceNumbers(city.world.customers)
    spending = Spending(population, devices)
    read = spending.day(0, np.random.default_rng(1))
    fraud = skimmed(Country(population, spending, devices), read, np.random.default_rng(2))
    firsts = [fraud.time[fraud.customer == customer].min() for customer in np.unique(fraud.customer)]

    assert 0.25 < len(firsts) / len(np.unique(read.customer)) < 0.75
    assert np.all(population.merchants.online[fraud.merchant])
    assert min(firsts) / MILLISECONDS_A_DAY > 1.0
    assert 4.0 < np.median(firsts) / MILLISECONDS_A_DAY < 8.0
    assert 0.5 < np.mean(fraud.device_id > city.world.customers) < 0.9


def test_skimming_goes_back_to_a_few_merchants(city: "Simulated") -> None:
    """Most victims of skimming have been at one of five merchants in the days before."""
    events = of_kind(city, SKIMMING)
    visits = Counter[int]()
    for user, time in zip(events.user_id, events.event_time, strict=True):
        before = (city.events.user_id == user) & (city.events.event_time < time - DAY) & (city.scenario != SKIMMING)
        recent = before & (city.events.event_time > time - 12 * DAY)
        visits.update(set(city.events.merchant_id[recent].tolist()))

    assert sum(count for _, count in visits.most_common(5)) > 0.5 * len(events)


def test_a_rogue_merchant_turns_most_of_its_payments_into_fraud_for_a_while(city: "Simulated") -> None:
    events = of_kind(city, ROGUE_MERCHANT)
    for merchant in np.unique(events.merchant_id):
        mine = events.event_time[events.merchant_id == merchant]
        there = (city.events.merchant_id == merchant) & (city.events.event_time >= mine[0])
        within = there & (city.events.event_time <= mine[-1])

        assert mine[-1] - mine[0] < 14 * DAY
        if len(mine) > 10:
            assert np.mean(city.scenario[within] == ROGUE_MERCHANT) > 0.35


def test_a_slow_drip_charges_the_same_small_amount_once_a_week(city: "Simulated") -> None:
    events = of_kind(city, SLOW_DRIP)
    keys = list(zip(events.merchant_id.tolist(), events.user_id.tolist(), strict=True))
    for merchant, user in set(keys):
        mine = events.take(np.array([key == (merchant, user) for key in keys]))

        assert np.all((mine.amount == mine.amount[0]) & (mine.amount < 25))
        assert all(4 * DAY < later - earlier < 10 * DAY for earlier, later in pairwise(mine.event_time))


def test_fraud_carries_over_from_day_to_day(city: "Simulated") -> None:
    """The same strange device is seen on more than one day."""
    days: npt.NDArray[np.int64] = (city.events.event_time // DAY).astype(np.int64)
    takeover = city.scenario == ACCOUNT_TAKEOVER
    devices = city.events.device_id[takeover]

    assert any(len(np.unique(days[takeover][devices == device])) > 1 for device in np.unique(devices))
