"""The alert rule, and how its threshold is chosen."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Floats

Bools = npt.NDArray[np.bool_]

ALERT_BUDGET = 0.01
"""Share of all payments that may alert."""


@dataclass(frozen=True)
class AlertCosts:
    """What alerts cost and how many can be worked.

    `per_alert` is in units of currency: an analyst's time and an annoyed cardholder. `per_day` is how many
    alerts a day the analysts work.
    """

    per_alert: float = 5.0
    per_day: float = 60.0


def alerts(probability: Floats, threshold: float) -> Bools:
    """The alert rule: a payment raises an alert if its calibrated probability reaches the threshold; shape (n,)."""
    return probability >= threshold


def threshold_by_cost(probability: Floats, amount: Floats, is_fraud: Bools, *, per_alert: float) -> float:
    """The threshold with the least cost on labelled payments: alerts raised plus the amounts of frauds missed.

    All arrays are (n,). If raising no alert is cheapest, the threshold is 1.
    """
    if not len(probability):
        return 1.0
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    saved = np.cumsum(np.where(is_fraud[order], amount[order], 0.0) - per_alert)
    last_of_tie = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], np.True_))
    best = last_of_tie[np.argmax(saved[last_of_tie])]
    return float(ranked[best]) if saved[best] > 0.0 else 1.0


def threshold_by_budget(probability: Floats, *, days: float, per_day: float) -> float:
    """The lowest threshold that raises at most `per_day` alerts a day on payments of `days` days."""
    allowed = int(days * per_day)
    ranked = np.sort(probability)[::-1]
    if allowed >= len(ranked):
        return float(ranked[-1]) if len(ranked) else 1.0
    above = ranked[ranked > ranked[allowed]]
    return float(above[-1]) if len(above) else 1.0


def choose_threshold(probability: Floats, amount: Floats, is_fraud: Bools, *, days: float, costs: AlertCosts) -> float:
    """The cheapest threshold that keeps the daily budget of alerts, in (0, 1]."""
    cheapest = threshold_by_cost(probability, amount, is_fraud, per_alert=costs.per_alert)
    return max(cheapest, threshold_by_budget(probability, days=days, per_day=costs.per_day))
