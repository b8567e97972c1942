"""What every feature did to one score, by the same walk that scored it."""

from dataclasses import dataclass, replace

import numpy as np

from fraudstream.features.events import Floats
from fraudstream.models.arrays import Calibration, ScoringModel
from fraudstream.models.walker import NO_FEATURE, score


@dataclass(frozen=True)
class Contributions:
    """One score taken apart, in log-odds of the calibrated probability.

    `each` (F,) says by how much a feature raised (positive) or lowered the score; `baseline` is where every payment
    starts, so that `baseline` and the sum of `each` come to the score. `probability` is the score itself.
    """

    probability: float
    baseline: float
    each: Floats


def contributions(model: ScoringModel, vector: Floats) -> Contributions:
    """Take the score of one vector (F,) apart.

    The walk keeps what raised a score. What lowered it is what raises the score of the mirrored model, which gives the
    probability that the payment is genuine.
    """
    width = len(model.feature_names)
    rows = vector[np.newaxis]
    each = np.zeros(width)
    for side, sign in ((model, 1.0), (_mirrored(model), -1.0)):
        kept = score(side, rows, top=width)
        named = kept.top_feature[0] != NO_FEATURE
        each[kept.top_feature[0][named]] = sign * kept.top_contribution[0][named]
    scored = score(model, rows)
    log_odds = model.calibration.slope * float(scored.log_odds[0]) + model.calibration.intercept
    return Contributions(float(scored.probability[0]), log_odds - float(each.sum()), each)


def _mirrored(model: ScoringModel) -> ScoringModel:
    calibration = Calibration(-model.calibration.slope, -model.calibration.intercept)
    return replace(model, calibration=calibration)
