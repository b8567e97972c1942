"""The population stability index: how far a distribution has moved from another.

With `r` and `s` the shares of reference and sample in a bin, PSI is the sum over the bins of `(s - r) * ln(s / r)`. It
is Jeffreys' divergence, the sum of both Kullback-Leibler divergences, on a histogram; credit scoring took it up with
E. Lewis, An Introduction to Credit Scoring, 1994. The usual limits are a rule of thumb, as in N. Siddiqi, Intelligent
Credit Scoring, Wiley 2017: up to 0.1 stable, up to 0.25 a shift to look at, beyond it a changed population. They belong
to samples of thousands: with `n` and `m` payments and `b` bins even a population that stays the same shows about
`(b - 1) * (1 / n + 1 / m)` (B. Yurdakul, J. Naranjo, Statistical properties of the population stability index, Journal
of Risk Model Validation 14, 2020).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fraudstream.features.catalogue import FEATURES
from fraudstream.features.events import Floats

SHIFTED, CHANGED = 0.1, 0.25
"""From where on a distribution counts as shifted, and as changed."""
BINS = 10
"""Bins of a reference, about; they hold equal shares of it where its values allow that."""
EMPTY = 0.5
"""Added to every count, so that a bin which is empty on one side has a logarithm."""
DECIMALS = 3
"""Of a feature that are compared. What has decayed to less is the same as nothing, and does not age further."""


@dataclass(frozen=True)
class Histogram:
    """How often a number fell into each bin; bin `i` is `edges[i-1] < number <= edges[i]`, the outer two are open."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def comparable_columns(vectors: Floats) -> Mapping[str, Floats]:
    """The features of vectors (n, F) that can be compared with those of another time, each (n,), by name."""
    return {
        feature.name: np.round(vectors[:, column], DECIMALS)
        for column, feature in enumerate(FEATURES)
        if feature.comparable == "yes"
    }


def edges_of(values: Floats) -> tuple[float, ...]:
    """Quantiles of values (n,); one that many share gets a bin of its own, whatever stands on either side of it.

    Raises:
        ValueError: there are no values.
    """
    if not len(values):
        raise ValueError("a reference needs payments")
    quantiles = np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf")
    distinct, times = np.unique(quantiles, return_counts=True)
    below = np.nextafter(distinct[times > 1], -np.inf)
    return tuple(np.unique(np.concatenate([distinct, below])).tolist())


def histogram_of(values: Floats, edges: tuple[float, ...]) -> Histogram:
    """Count values (n,) in the bins that ascending `edges` make."""
    bins = np.searchsorted(np.array(edges), values, side="left")
    return Histogram(edges, tuple(np.bincount(bins, minlength=len(edges) + 1).tolist()))


def population_stability(reference: Histogram, other: Histogram) -> float:
    """The index of two histograms with the same edges; 0 if they have the same shares.

    Raises:
        ValueError: the edges differ.
    """
    if reference.edges != other.edges:
        raise ValueError("two histograms can be compared in the same bins only")
    expected, actual = _shares(reference), _shares(other)
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def stability(reference: Floats, other: Floats) -> float:
    """The index of two samples (n,) and (m,), in the bins of the first.

    Raises:
        ValueError: the first is empty.
    """
    edges = edges_of(reference)
    return population_stability(histogram_of(reference, edges), histogram_of(other, edges))


def _shares(histogram: Histogram) -> Floats:
    counts = np.array(histogram.counts, np.float64) + EMPTY
    shares: Floats = counts / counts.sum()
    return shares
