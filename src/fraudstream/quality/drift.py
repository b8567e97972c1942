"""Drift: a day's payments against the first week of their model version, feature by feature and in the score."""

import datetime as dt
from collections.abc import Mapping

from fraudstream.features.events import Floats
from fraudstream.features.stability import comparable_columns, edges_of, histogram_of, population_stability
from fraudstream.ports.quality import FeatureDrift, Reference, VectorSample

SCORE = "score"


def reference_of(model_version: str, begins_at: dt.datetime, ends_at: dt.datetime, sample: VectorSample) -> Reference:
    """The reference that a sample of a model version's first payments makes.

    Raises:
        ValueError: the sample is empty.
    """
    histograms = {name: histogram_of(values, edges_of(values)) for name, values in _columns(sample).items()}
    return Reference(model_version, begins_at, ends_at, histograms)


def drift_of(day: dt.date, reference: Reference, sample: VectorSample) -> list[FeatureDrift]:
    """The drift of a day's payments in every comparable feature that the reference has, and in the score."""
    columns = _columns(sample)
    return [
        FeatureDrift(
            day=day,
            model_version=reference.model_version,
            feature=name,
            psi=population_stability(histogram, histogram_of(columns[name], histogram.edges)),
            payments=len(sample.score),
        )
        for name, histogram in reference.histograms.items()
        if name in columns
    ]


def _columns(sample: VectorSample) -> Mapping[str, Floats]:
    return {**comparable_columns(sample.features), SCORE: sample.score}
