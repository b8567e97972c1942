"""Asks processes what they tell Prometheus, and finds numbers in the answer by their metric."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from fraudstream.metrics.metric import Metric

TIMEOUT = 2.0
"""Seconds a process may take to answer."""
MOST_AT_ONCE = 16

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figures:
    """What one process said: values by name and labels; `trouble` says why there are none."""

    values: Mapping[tuple[str, Labels], float] = field(default_factory=dict)
    trouble: str | None = None

    def value(self, metric: Metric, *labels: str) -> float | None:
        """One number; `labels` are values in the order of the metric's own. Nothing where it is not told."""
        return self.values.get((metric.name, tuple(sorted(zip(metric.labels, labels, strict=True)))))

    def each(self, metric: Metric) -> dict[tuple[str, ...], float]:
        """Every number of a metric, by the values of its labels in the metric's own order."""
        return {
            tuple(dict(labels)[name] for name in metric.labels): value
            for (name, labels), value in self.values.items()
            if name == metric.name
        }

    def standard(self, name: str) -> float | None:
        """One of the standard figures without labels, such as `process_resident_memory_bytes`."""
        return self.values.get((name, ()))


def ask(targets: Mapping[str, str]) -> dict[str, Figures]:
    """Ask every process at once; never fails, and takes little more than `TIMEOUT` seconds.

    Args:
        targets: HOST:PORT by the name the process shall have in the answer.
    """
    with ThreadPoolExecutor(min(MOST_AT_ONCE, max(1, len(targets)))) as pool:
        return dict(zip(targets, pool.map(_asked, targets.values()), strict=True))


def read(text: str) -> Figures:
    """Read an answer in Prometheus' format.

    Raises:
        ValueError: it is in no such format.
    """
    return Figures(
        {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )


def _asked(address: str) -> Figures:
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=TIMEOUT) as answer:  # nosec B310
            return read(answer.read().decode())
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return Figures(trouble=str(reason))
