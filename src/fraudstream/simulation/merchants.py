"""Merchants: what they sell, where, at what price, and how popular they are."""

from dataclasses import dataclass

import numpy as np

from fraudstream.features.events import CATEGORIES, LOCATIONS, Codes, Floats, Ints
from fraudstream.simulation.payments import Bools
from fraudstream.simulation.randomness import Stream, generator

FIRST_MERCHANT_ID = 1
FEWEST_MERCHANTS = 140
CUSTOMERS_PER_MERCHANT = 2


@dataclass(frozen=True)
class Trade:
    """What is usual in one category.

    `share` of merchants and `online`, the part of them that sells online, are probabilities; `price` is the median
    amount of a payment, `spread` the standard deviation of its logarithm.
    """

    share: float
    online: float
    price: float
    spread: float


TRADES: dict[str, Trade] = {
    "Electronics": Trade(0.07, 0.35, 140.0, 0.80),
    "Groceries": Trade(0.18, 0.08, 45.0, 0.60),
    "Clothing": Trade(0.11, 0.35, 60.0, 0.70),
    "Gas Station": Trade(0.10, 0.00, 42.0, 0.35),
    "Online Purchase": Trade(0.13, 1.00, 48.0, 0.70),
    "Subscription Service": Trade(0.06, 1.00, 13.0, 0.30),
    "Luxury Goods": Trade(0.04, 0.20, 260.0, 0.80),
    "Fast Food": Trade(0.17, 0.15, 14.0, 0.45),
    "Travel": Trade(0.04, 0.80, 230.0, 0.70),
    "Entertainment": Trade(0.10, 0.30, 32.0, 0.60),
}
"""By the contract's categories; the figures are invented, only their proportions are meant to be plausible."""

_POPULARITY_TAIL = 1.3
"""Exponent of the Pareto tail: a few merchants see a good part of all payments, as in real card data."""


@dataclass(frozen=True)
class Merchants:
    """`m` merchants by index.

    `category` and `city` index the contract's value lists; `price` is the median amount of a payment and `spread` the
    standard deviation of its logarithm. `ranked` lists merchants city by city, those that sell online after the last
    city; `popularity` is the running total along `ranked`, and group `g` lies between `bounds[g]` and `bounds[g + 1]`
    of it.
    """

    category: Codes
    city: Codes
    online: Bools
    price: Floats
    spread: Floats
    ranked: Ints
    popularity: Floats
    bounds: Floats

    def __len__(self) -> int:
        """Number of merchants."""
        return len(self.category)

    @property
    def merchant_id(self) -> Ints:
        """Ids of all merchants, by index."""
        return np.arange(FIRST_MERCHANT_ID, FIRST_MERCHANT_ID + len(self))

    def draw_in(self, city: Codes, rng: np.random.Generator) -> Ints:
        """A shop for each of the cities, the popular ones more often."""
        low, high = self.bounds[city], self.bounds[city + 1]
        spot = low + (high - low) * rng.random(len(city))
        return np.take(self.ranked, np.searchsorted(self.popularity, spot, side="right"), mode="clip")

    def draw_online(self, count: int, rng: np.random.Generator) -> Ints:
        """`count` merchants that sell online, the popular ones more often."""
        return self.draw_in(np.full(count, len(LOCATIONS), np.int16), rng)


def found_merchants(seed: int, customers: int) -> Merchants:
    """The merchants of a world; every city has a shop and somebody sells online, however small the world is."""
    rng = generator(seed, Stream.MERCHANTS)
    count = max(FEWEST_MERCHANTS, customers // CUSTOMERS_PER_MERCHANT)
    trades = [TRADES[name] for name in CATEGORIES]
    category = rng.choice(len(trades), count, p=[trade.share for trade in trades]).astype(np.int16)
    online = rng.random(count) < np.array([trade.online for trade in trades])[category]
    cities = len(LOCATIONS)
    category[:cities], online[:cities] = CATEGORIES.index("Groceries"), False
    category[cities], online[cities] = CATEGORIES.index("Online Purchase"), True
    city = (np.arange(count) % cities).astype(np.int16)
    group = np.where(online, cities, city)
    ranked = np.argsort(group, kind="stable")
    popularity = np.cumsum((rng.pareto(_POPULARITY_TAIL, count) + 0.05)[ranked])
    ends = np.searchsorted(group[ranked], np.arange(cities + 1), side="right")
    return Merchants(
        category=category,
        city=city,
        online=online,
        price=np.array([trade.price for trade in trades])[category] * np.exp(rng.normal(0.0, 0.25, count)),
        spread=np.array([trade.spread for trade in trades])[category],
        ranked=ranked,
        popularity=popularity,
        bounds=np.concatenate([[0.0], popularity[ends - 1]]),
    )
