"""A fraud by script, for demonstrations: a card-testing burst, then a cash-out, at a moment of one's choice."""

import numpy as np

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import LOCATIONS, EventColumns, Ints
from fraudstream.simulation.city import CityWorld, event_columns
from fraudstream.simulation.payments import DAY, SECOND, Payments, cents
from fraudstream.simulation.population import CREDIT_CARD, FIRST_USER_ID
from fraudstream.simulation.randomness import Stream, generator, key_words
from fraudstream.simulation.stolen_cards import CARD_TESTING
from fraudstream.simulation.transaction_ids import transaction_ids

TESTS, CASH_OUTS = 8, 3
SECONDS_BETWEEN_TESTS, SECONDS_BETWEEN_CASH_OUTS = 6, 25
TEST_AMOUNT = (0.6, 4.0)
CASH_OUT_TIMES, CASH_OUT_AT_LEAST = 6.0, 900.0
"""The cash-out is this multiple of what the customer would pay there, and at least so much."""

_FIRST_DEVICE = 9_000_000_000
"""Far above any device of a world."""


def scripted_fraud(world: CityWorld, user_id: int, at: float, seed: int) -> EventColumns:
    """Eight tiny online payments within a minute from a new device, then three large ones within 75 seconds.

    Args:
        world: the world the customer lives in.
        user_id: one of its customers.
        at: the first payment, in seconds since 1970 UTC; the last one comes 117 seconds later.
        seed: at least 0; with the other arguments it settles everything, ids included.

    Raises:
        ConfigurationError: the world has no such customer.
    """
    customer = user_id - FIRST_USER_ID
    if not 0 <= customer < world.customers:
        last = FIRST_USER_ID + world.customers - 1
        raise ConfigurationError(f"there is no customer {user_id} in this world; use {FIRST_USER_ID} to {last}")
    rng = generator(seed, Stream.SCRIPT, world.seed, user_id)
    begin = int(at * SECOND)
    merchants = world.population.merchants
    sites = np.concatenate([rng.choice(merchants.draw_online(2, rng), TESTS), _dear_sites(world, rng)])
    who = np.full(TESTS + CASH_OUTS, customer)
    large = np.maximum(world.population.amounts(who, sites, rng, times=CASH_OUT_TIMES), CASH_OUT_AT_LEAST)
    tiny = rng.uniform(*TEST_AMOUNT, len(who))
    offset = [n * SECONDS_BETWEEN_TESTS for n in range(TESTS)]
    offset += [offset[-1] + (n + 1) * SECONDS_BETWEEN_CASH_OUTS for n in range(CASH_OUTS)]
    away = (world.population.cardholders.home[customer] + rng.integers(1, len(LOCATIONS))) % len(LOCATIONS)
    payments = Payments(
        time=begin + np.array(offset, np.int64) * SECOND,
        customer=who,
        merchant=sites,
        amount=np.where(np.arange(len(who)) < TESTS, cents(tiny), cents(large + rng.uniform(0, 90, len(who)))),
        location=np.full(len(who), away, np.int16),
        payment_method=np.full(len(who), CREDIT_CARD, np.int16),
        device_id=np.full(len(who), _FIRST_DEVICE + begin % (365 * DAY)),
        scenario=np.full(len(who), CARD_TESTING, np.int8),
    )
    key = key_words(seed, Stream.SCRIPT, world.seed, world.customers, round(world.start), user_id, begin)
    return event_columns(world.population, payments, transaction_ids(key, 0, len(payments)))


def _dear_sites(world: CityWorld, rng: np.random.Generator) -> Ints:
    """Sites for a cash-out: the dearest of a few that come to mind."""
    merchants = world.population.merchants
    candidates = merchants.draw_online(4 * CASH_OUTS, rng)
    return candidates[np.argsort(-merchants.price[candidates], kind="stable")[:CASH_OUTS]]
