"""What a feature says for fraud, where it says anything: one sentence where its value is high, one where it is low.

A model may raise a score by any value of a feature, an ordinary or an absent one too. Only what an analyst would
hold against a payment is said; each sentence has the value and, where it is known, what is usual beside it.
"""

from collections.abc import Mapping

from fraudstream.decisions.suspicions_of_habits import OF_HABITS
from fraudstream.decisions.suspicions_of_spending import OF_SPENDING
from fraudstream.decisions.tellings import Suspicion
from fraudstream.features.catalogue import index_of
from fraudstream.features.events import Floats

SUSPICIONS: Mapping[str, Suspicion] = {**OF_SPENDING, **OF_HABITS}
"""Of every feature of the catalogue."""


def suspicion(feature: str, vector: Floats) -> str | None:
    """What one feature of a payment's vector (F,) says for fraud; `None` where it says nothing.

    Raises:
        KeyError: no feature has this name.
    """
    kind = SUSPICIONS[feature]

    def value(name: str) -> float:
        return float(vector[index_of(name)])

    found = (telling(value) for telling in (kind.high, kind.low) if telling is not None)
    return next((text for text in found if text is not None), None)
