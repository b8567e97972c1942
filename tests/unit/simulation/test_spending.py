"""Genuine life has everything that fraud looks like."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fraudstream.features.events import CATEGORIES, CHANNELS, LOCATIONS, PAYMENT_METHODS, EventColumns

if TYPE_CHECKING:
    from .conftest import Simulated

ONLINE = CHANNELS.index("online")


@pytest.fixture(scope="module")
def genuine(city: "Simulated") -> EventColumns:
    """Genuine payments, customer by customer."""
    events = city.events.take(city.scenario == 0)
    return events.take(np.lexsort((events.event_time, events.user_id)))


def test_some_pay_in_shops_of_other_cities(city: "Simulated", genuine: EventColumns) -> None:
    home = city.world.population.cardholders.home[genuine.user_id - 1_000]
    in_shops = genuine.channel != ONLINE

    assert 0.02 < np.mean((genuine.location != home)[in_shops]) < 0.2


def test_a_shop_is_where_its_customer_is(city: "Simulated", genuine: EventColumns) -> None:
    shop = city.world.population.merchants.city[genuine.merchant_id - 1]
    in_shops = genuine.channel != ONLINE

    assert np.array_equal(shop[in_shops], genuine.location[in_shops])


def test_travellers_prefer_near_cities(city: "Simulated", genuine: EventColumns) -> None:
    home = city.world.population.cardholders.home[genuine.user_id - 1_000]
    new_york, away = LOCATIONS.index("New York"), genuine.location != home
    visited = np.bincount(genuine.location[away & (home == new_york)], minlength=len(LOCATIONS))

    assert visited[LOCATIONS.index("Chicago")] > visited[LOCATIONS.index("Seattle")] > 0


def test_some_get_a_new_phone(genuine: EventColumns) -> None:
    changed = (np.diff(genuine.user_id) == 0) & (np.diff(genuine.device_id) != 0)

    assert 0.1 < np.count_nonzero(changed) / 2_000 < 0.6


def test_nobody_goes_back_to_an_old_phone_or_shares_one(genuine: EventColumns) -> None:
    same = np.diff(genuine.user_id) == 0
    owners = np.unique(np.column_stack([genuine.device_id, genuine.user_id]), axis=0)

    assert np.all(np.diff(genuine.device_id)[same] >= 0)
    assert len(owners) == len(np.unique(owners[:, 0]))


def test_some_shop_in_bursts(genuine: EventColumns) -> None:
    fifth = (genuine.user_id[4:] == genuine.user_id[:-4]) & (genuine.event_time[4:] - genuine.event_time[:-4] < 3_600)

    assert np.count_nonzero(fifth) > 500


def test_some_tickets_are_big(city: "Simulated", genuine: EventColumns) -> None:
    """At petrol stations, whose prices hardly differ, four times the usual is no chance."""
    petrol = genuine.take(genuine.category == CATEGORIES.index("Gas Station"))
    population = city.world.population
    usual = population.merchants.price[petrol.merchant_id - 1]
    usual = usual * population.cardholders.spending[petrol.user_id - 1_000]

    assert 0.002 < np.mean(petrol.amount > 4 * usual) < 0.01


def test_customers_return_to_their_favourites(genuine: EventColumns) -> None:
    pairs, visits = np.unique(np.column_stack([genuine.user_id, genuine.merchant_id]), axis=0, return_counts=True)

    assert np.sum(visits[visits >= 3]) > 0.6 * len(genuine)
    assert len(pairs) > 20_000


def test_everything_the_contract_names_is_bought_everywhere_in_every_way(genuine: EventColumns) -> None:
    assert len(np.unique(genuine.category)) == len(CATEGORIES)
    assert len(np.unique(genuine.location)) == len(LOCATIONS)
    assert len(np.unique(genuine.payment_method)) == len(PAYMENT_METHODS)
    assert 0.2 < np.mean(genuine.channel == ONLINE) < 0.4


def test_a_card_is_a_card_in_a_shop(genuine: EventColumns) -> None:
    in_shops = genuine.payment_method[genuine.channel != ONLINE]

    assert {PAYMENT_METHODS[code] for code in np.unique(in_shops)} == {"Credit Card", "Debit Card"}


def test_weekends_are_busier(city: "Simulated") -> None:
    """The first simulated day, 2010-01-01, is a Friday."""
    counts = np.array([np.count_nonzero(day.scenario == 0) for day in city.days[:42]]).reshape(6, 7).sum(axis=0)

    assert set(np.argsort(counts)[-2:].tolist()) == {1, 2}


def test_a_few_merchants_see_a_good_part_of_all_payments(genuine: EventColumns) -> None:
    visits = np.sort(np.bincount(genuine.merchant_id))[::-1]

    assert visits[: len(visits) // 10].sum() > 0.4 * visits.sum()
