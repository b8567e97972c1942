"""Who lives in the simulated country: cardholders with their habits, the merchants they know, their devices."""

from dataclasses import dataclass, field

import numpy as np

from fraudstream.features.events import COORDINATES, LOCATIONS, PAYMENT_METHODS, Codes, Floats, Ints
from fraudstream.simulation.merchants import Merchants, found_merchants
from fraudstream.simulation.payments import Bools, cents
from fraudstream.simulation.randomness import Stream, generator, pick

FIRST_USER_ID = 1_000
FIRST_DEVICE_ID = 1
FAVOURITE_SHOPS = 25
FAVOURITE_SITES = 10

CREDIT_CARD, DEBIT_CARD = PAYMENT_METHODS.index("Credit Card"), PAYMENT_METHODS.index("Debit Card")

_CITY_SHARE = (0.25, 0.20, 0.14, 0.12, 0.09, 0.11, 0.09)
_PEAK_HOURS, _PEAK_SHARE = (13.0, 18.0, 22.0), (0.50, 0.38, 0.12)
_METHOD_WEIGHTS = (3.0, 2.0, 1.5, 0.1)
"""Dirichlet weights of Credit Card, Debit Card, PayPal and Bitcoin in online payments."""
_TRIP_SCALE = 2_000.0
"""Kilometres over which a city loses two thirds of its draw on travellers."""


@dataclass(frozen=True)
class Cardholders:
    """`u` cardholders by index.

    `home` indexes the contract's locations; `spending` multiplies amounts; `daily_rate` is payments per day;
    `peak_hour` the hour around which they pay; `credit_share` the probability of credit before debit in a shop;
    `methods` (u, 4) cumulative probabilities of the payment methods online; favourites are merchant indices, the
    dearest first.
    """

    home: Codes
    spending: Floats
    daily_rate: Floats
    peak_hour: Floats
    credit_share: Floats
    methods: Floats
    favourite_shops: Ints
    favourite_sites: Ints

    def __len__(self) -> int:
        """Number of cardholders."""
        return len(self.home)


@dataclass(frozen=True)
class Population:
    """Cardholders and merchants of one world; never changed once drawn."""

    cardholders: Cardholders
    merchants: Merchants

    def amounts(self, customer: Ints, merchant: Ints, rng: np.random.Generator, *, times: Floats | float = 1) -> Floats:
        """What each customer would pay at each merchant, multiplied by `times`."""
        level = self.merchants.price[merchant] * self.cardholders.spending[customer]
        return cents(level * times * np.exp(rng.normal(0.0, 1.0, len(customer)) * self.merchants.spread[merchant]))

    def methods(self, customer: Ints, online: Bools, rng: np.random.Generator) -> Codes:
        """How each customer pays: a card in a shop, any method online."""
        in_shop = np.where(rng.random(len(customer)) < self.cardholders.credit_share[customer], CREDIT_CARD, DEBIT_CARD)
        return np.where(online, pick(self.cardholders.methods[customer], rng), in_shop).astype(np.int16)


@dataclass
class DeviceNumbers:
    """Hands out device ids in the order in which devices appear; everybody's first device is theirs by index."""

    customers: int
    _next: int = field(init=False)

    def __post_init__(self) -> None:
        self._next = FIRST_DEVICE_ID + self.customers

    def first(self) -> Ints:
        """The device each customer starts with."""
        return np.arange(FIRST_DEVICE_ID, FIRST_DEVICE_ID + self.customers)

    def issue(self, count: int) -> Ints:
        """`count` devices never seen before."""
        issued = np.arange(self._next, self._next + count)
        self._next += count
        return issued


def populate(seed: int, customers: int) -> Population:
    """Draw the cardholders and merchants of a world."""
    merchants = found_merchants(seed, customers)
    rng = generator(seed, Stream.CARDHOLDERS)
    home = rng.choice(len(LOCATIONS), customers, p=_CITY_SHARE).astype(np.int16)
    shops = merchants.draw_in(np.repeat(home, FAVOURITE_SHOPS), rng)
    sites = merchants.draw_online(customers * FAVOURITE_SITES, rng)
    cardholders = Cardholders(
        home=home,
        spending=np.exp(rng.normal(0.0, 0.32, customers)),
        daily_rate=rng.gamma(2.0, 0.97, customers),
        peak_hour=rng.choice(_PEAK_HOURS, customers, p=_PEAK_SHARE),
        credit_share=rng.beta(3.0, 2.0, customers),
        methods=np.cumsum(rng.dirichlet(_METHOD_WEIGHTS, customers), axis=1),
        favourite_shops=shops.reshape(customers, FAVOURITE_SHOPS),
        favourite_sites=sites.reshape(customers, FAVOURITE_SITES),
    )
    return Population(cardholders, merchants)


def destinations() -> Floats:
    """Where travellers go: for each home city (7, 7) cumulative probabilities, near cities before far ones."""
    weights = np.exp(-distances() / _TRIP_SCALE)
    np.fill_diagonal(weights, 0.0)
    return np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)


def distances() -> Floats:
    """Great-circle distances between the cities in kilometres, (7, 7), in the order of the contract's locations."""
    places = np.radians(list(COORDINATES.values()))
    latitude, longitude = places[:, :1], places[:, 1:]
    half = np.sin((latitude - latitude.T) / 2) ** 2
    half += np.cos(latitude) * np.cos(latitude.T) * np.sin((longitude - longitude.T) / 2) ** 2
    return np.asarray(2 * 6_371.0 * np.arcsin(np.sqrt(half)))
