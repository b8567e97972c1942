"""Measurements counted in buckets, many at a time: a client's own histogram takes them one by one."""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from fraudstream.metrics.metric import Histogram


class Buckets(Collector):
    """The counts of one histogram, for each combination of its labels; any thread may add or read."""

    def __init__(self, metric: Histogram) -> None:
        self._metric = metric
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}
        if not metric.labels:
            self.add((), ())

    def add(self, values: Iterable[float], labels: tuple[str, ...]) -> None:
        """Count values under labels."""
        bounds = self._metric.bounds
        with self._lock:
            counts = self._counts.setdefault(labels, [0] * (len(bounds) + 1))
            total = self._sums.get(labels, 0.0)
            for value in values:
                counts[bisect_left(bounds, value)] += 1
                total += value
            self._sums[labels] = total

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """See `Collector.collect`."""
        family = HistogramMetricFamily(self._metric.name, self._metric.meaning, labels=self._metric.labels)
        with self._lock:
            for labels, counts in self._counts.items():
                family.add_metric(labels, self._cumulative(counts), self._sums[labels])
        yield family

    def _cumulative(self, counts: list[int]) -> list[tuple[str, float]]:
        rows, total = list[tuple[str, float]](), 0
        for bound, count in zip((*self._metric.bounds, float("inf")), counts, strict=True):
            total += count
            rows.append(("+Inf" if bound == float("inf") else str(bound), total))
        return rows
