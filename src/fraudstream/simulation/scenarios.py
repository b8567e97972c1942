"""The six fraud scenarios, day by day; what one day begins, later days go on with."""

import numpy as np

from fraudstream.simulation.bad_merchants import (
    ROGUE_DAYS,
    ROGUE_MERCHANT,
    SKIMMING,
    SKIMMING_DAYS,
    SLOW_DRIP,
    STARTS,
    BadMerchants,
    Outbreaks,
    skimmed,
    slow_drip,
    turned_rogue,
)
from fraudstream.simulation.payments import DAY, Payments, joined
from fraudstream.simulation.stolen_cards import (
    ACCOUNT_TAKEOVER,
    CARD_TESTING,
    STOLEN_CARD,
    Country,
    account_takeover,
    card_testing,
    stolen_card,
)

GENUINE = 0
SCENARIOS: dict[int, str] = {
    CARD_TESTING: "card testing, then cash-out",
    STOLEN_CARD: "stolen card",
    ACCOUNT_TAKEOVER: "account takeover",
    SKIMMING: "skimming at one merchant",
    ROGUE_MERCHANT: "rogue merchant",
    SLOW_DRIP: "slow drip",
}
"""Names of the scenario codes, for reports."""


class FraudScenarios:
    """Everything criminal that happens in one world; days are asked for one after the other."""

    def __init__(self, country: Country) -> None:
        self._country = country
        self._skimming = BadMerchants(SKIMMING_DAYS, self._outbreaks(SKIMMING))
        self._rogue = BadMerchants(ROGUE_DAYS, self._outbreaks(ROGUE_MERCHANT))
        self._drips = self._outbreaks(SLOW_DRIP)

    def day(self, first: int, genuine: Payments, rng: np.random.Generator) -> Payments:
        """The genuine payments with those marked that were not, and all fraud that begins on this day.

        Fraud that begins today may be due on any later day.
        """
        country, merchants = self._country, len(self._country.population.merchants)
        read = genuine.take(self._skimming.visits(genuine, first, merchants, rng))
        rogue = turned_rogue(genuine, self._rogue.visits(genuine, first, merchants, rng), rng)
        genuine.scenario[rogue] = ROGUE_MERCHANT
        return joined(
            [
                genuine,
                card_testing(country, first, rng),
                stolen_card(country, first, rng),
                account_takeover(country, first, rng),
                skimmed(country, read, rng),
                *(slow_drip(country, first, rng) for _ in range(self._drips.due(first, rng))),
            ]
        )

    def _outbreaks(self, scenario: int) -> Outbreaks:
        customers = len(self._country.population.cardholders)
        return Outbreaks(mean_gap=DAY * 1_000 / (STARTS[scenario] * customers))
