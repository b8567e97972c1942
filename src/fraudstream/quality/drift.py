"""The population stability index: how far a distribution has moved from the one it began with.

With `r` and `s` the shares of reference and day in a bin, PSI is the sum over the bins of `(s - r) * ln(s / r)`. It is
Jeffreys' divergence, the sum of both Kullback-Leibler divergences, on a histogram; credit scoring took it up with
E. Lewis, An Introduction to Credit Scoring, 1994. The usual limits are a rule of thumb, as in N. Siddiqi, Intelligent
Credit Scoring, Wiley 2017: up to 0.1 stable, up to 0.25 a shift to look at, beyond it a changed population. They belong
to samples of thousands: with `n` and `m` payments and `b` bins even a population that stays the same shows about
`(b - 1) * (1 / n + 1 / m)` (B. Yurdakul, J. Naranjo, Statistical properties of the population stability index, Journal
of Risk Model Validation 14, 2020).
"""

import datetime as dt
from collections.abc import Mapping

import numpy as np

from fraudstream.features.catalogue import FEATURE_NAMES
from fraudstream.features.events import Floats
from fraudstream.ports.quality import FeatureDrift, Histogram, Reference, VectorSample

SHIFTED, CHANGED = 0.1, 0.25
"""From where on a distribution counts as shifted, and as changed."""
BINS = 10
"""Bins of a reference, about; they hold equal shares of it where its values allow that."""
EMPTY = 0.5
"""Added to every count, so that a bin which is empty on one side has a logarithm."""
SCORE = "score"
LEFT_OUT = frozenset({"weekend"})
"""What the date alone decides: a single day differs from any week in it, always."""


def reference_of(model_version: str, begins_at: dt.datetime, ends_at: dt.datetime, sample: VectorSample) -> Reference:
    """The reference that a sample of a model version's first payments makes.

    Raises:
        ValueError: the sample is empty.
    """
    histograms = {name: _histogram(values, _edges(values)) for name, values in _columns(sample).items()}
    return Reference(model_version, begins_at, ends_at, histograms)


def drift_of(day: dt.date, reference: Reference, sample: VectorSample) -> list[FeatureDrift]:
    """The drift of a day's payments in every feature that the reference has, and in the score."""
    columns = _columns(sample)
    return [
        FeatureDrift(
            day=day,
            model_version=reference.model_version,
            feature=name,
            psi=population_stability(histogram, _histogram(columns[name], histogram.edges)),
            payments=len(sample.score),
        )
        for name, histogram in reference.histograms.items()
        if name in columns
    ]


def population_stability(reference: Histogram, other: Histogram) -> float:
    """The index of two histograms with the same edges; 0 if they have the same shares.

    Raises:
        ValueError: the edges differ.
    """
    if reference.edges != other.edges:
        raise ValueError("two histograms can be compared in the same bins only")
    expected, actual = _shares(reference), _shares(other)
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def _columns(sample: VectorSample) -> Mapping[str, Floats]:
    features = {name: sample.features[:, column] for column, name in enumerate(FEATURE_NAMES) if name not in LEFT_OUT}
    return features | {SCORE: sample.score}


def _edges(values: Floats) -> tuple[float, ...]:
    """Quantiles; a value that many payments share gets a bin of its own, whatever stands on either side of it."""
    if not len(values):
        raise ValueError("a reference needs payments")
    quantiles = np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf")
    distinct, times = np.unique(quantiles, return_counts=True)
    below = np.nextafter(distinct[times > 1], -np.inf)
    return tuple(np.unique(np.concatenate([distinct, below])).tolist())


def _histogram(values: Floats, edges: tuple[float, ...]) -> Histogram:
    bins = np.searchsorted(np.array(edges), values, side="left")
    return Histogram(edges, tuple(np.bincount(bins, minlength=len(edges) + 1).tolist()))


def _shares(histogram: Histogram) -> Floats:
    counts = np.array(histogram.counts, np.float64) + EMPTY
    shares: Floats = counts / counts.sum()
    return shares
