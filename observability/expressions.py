"""Questions to Prometheus, made of metrics of the catalogue."""

from fraudstream.metrics.metric import Counter, Gauge, Histogram


def now(metric: Gauge, **labels: str) -> str:
    """A gauge as it is."""
    return f"{metric.name}{_matching(labels)}"


def total(metric: Counter | Gauge, **labels: str) -> str:
    """What all series of a metric add up to; of a counter that began with what is stored, a total."""
    return f"sum({metric.name}{_matching(labels)})"


def per_second(metric: Counter, *by: str, window: str = "1m", **labels: str) -> str:
    """How fast a counter grows, summed up but for the labels in `by`."""
    return _summed(f"rate({metric.name}{_matching(labels)}[{window}])", by)


def grown(metric: Counter, *by: str, window: str = "5m", **labels: str) -> str:
    """By how much a counter has grown."""
    return _summed(f"increase({metric.name}{_matching(labels)}[{window}])", by)


def quantile(metric: Histogram, share: float, *by: str, window: str = "5m", **labels: str) -> str:
    """A quantile of what a histogram measured lately, in its unit."""
    rate = f"rate({metric.name}_bucket{_matching(labels)}[{window}])"
    return f"histogram_quantile({share:g}, {_summed(rate, ('le', *by))})"


def ago(metric: Gauge, **labels: str) -> str:
    """Seconds since a moment."""
    return f"time() - {metric.name}{_matching(labels)}"


def _matching(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}" if labels else ""


def _summed(expression: str, by: tuple[str, ...]) -> str:
    return f"sum by ({', '.join(by)}) ({expression})" if by else f"sum({expression})"
