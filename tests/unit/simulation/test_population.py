"""Everybody is at home somewhere, and every shop has a place."""

import numpy as np
import pytest

from fraudstream.features.events import CATEGORIES, LOCATIONS
from fraudstream.features.places import DISTANCES
from fraudstream.simulation.merchants import TRADES, found_merchants
from fraudstream.simulation.population import DeviceNumbers, destinations, distances, populate


def test_cities_are_where_the_features_say() -> None:
    assert np.allclose(distances(), DISTANCES)


def test_the_trades_are_the_contracts_categories() -> None:
    assert set(TRADES) == set(CATEGORIES)
    assert sum(trade.share for trade in TRADES.values()) == pytest.approx(1.0)


def test_nobody_travels_to_where_they_live() -> None:
    chances = np.diff(destinations(), axis=1, prepend=0.0)

    assert np.all(np.diag(chances) == 0.0)
    assert np.allclose(chances.sum(axis=1), 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_smallest_world_has_shops_in_every_city_and_somebody_online(seed: int) -> None:
    merchants = found_merchants(seed, customers=1)
    rng = np.random.default_rng(0)
    cities = np.repeat(np.arange(len(LOCATIONS), dtype=np.int16), 20)
    shops = merchants.draw_in(cities, rng)

    assert np.array_equal(merchants.city[shops], cities)
    assert not np.any(merchants.online[shops])
    assert np.all(merchants.online[merchants.draw_online(50, rng)])


def test_everybody_knows_shops_at_home() -> None:
    population = populate(3, 200)
    home = population.cardholders.home[:, None]
    shops = population.cardholders.favourite_shops

    assert np.all(population.merchants.city[shops] == home)
    assert np.all(population.merchants.online[population.cardholders.favourite_sites])


def test_devices_are_numbered_once() -> None:
    numbers = DeviceNumbers(3)

    assert [*numbers.first(), *numbers.issue(2), *numbers.issue(1)] == [1, 2, 3, 4, 5, 6]
