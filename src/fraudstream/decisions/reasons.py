"""Why a payment scored high, in sentences an analyst reads."""

from fraudstream.contracts.decision import Reason
from fraudstream.decisions.suspicions import suspicion
from fraudstream.features.catalogue import FEATURE_NAMES
from fraudstream.features.events import Codes, Floats

MOST = 4
"""Reasons of one score."""
CONSIDERED = 12
"""Features to take the reasons from: what raised a score may say nothing, or the same as another feature."""


def reasons(top_feature: Codes, top_contribution: Floats, vector: Floats) -> tuple[Reason, ...]:
    """The reasons behind one score, strongest first, at most `MOST`.

    Only features that raised it, and of these only what speaks for fraud; no sentence twice. There may be none, where
    the score comes from many ordinary values together.

    Args:
        top_feature: (n,) columns of the catalogue, as `models.walker.score` gives them for one row.
        top_contribution: (n,) log-odds.
        vector: (F,) the payment's features.
    """
    found: dict[str, Reason] = {}
    for column, contribution in zip(top_feature.tolist(), top_contribution.tolist(), strict=True):
        if column >= 0 and contribution > 0.0:
            name = FEATURE_NAMES[column]
            text = suspicion(name, vector)
            if text is not None:
                found.setdefault(text, Reason(name, float(vector[column]), float(contribution), text))
    return tuple(found.values())[:MOST]
