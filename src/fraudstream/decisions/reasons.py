"""Why a payment scored high, in sentences an analyst reads."""

from fraudstream.contracts.decision import Reason
from fraudstream.decisions.sentences import sentence
from fraudstream.features.catalogue import FEATURE_NAMES
from fraudstream.features.events import Codes, Floats


def reasons(top_feature: Codes, top_contribution: Floats, vector: Floats) -> tuple[Reason, ...]:
    """The reasons behind one score, strongest first; only features that raised it, no sentence twice.

    Args:
        top_feature: (4,) columns of the catalogue, as `models.walker.score` gives them for one row.
        top_contribution: (4,) log-odds.
        vector: (F,) the payment's features.
    """
    found: dict[str, Reason] = {}
    for column, contribution in zip(top_feature.tolist(), top_contribution.tolist(), strict=True):
        if column >= 0 and contribution > 0.0:
            name = FEATURE_NAMES[column]
            text = sentence(name, vector)
            found.setdefault(text, Reason(name, float(vector[column]), float(contribution), text))
    return tuple(found.values())
