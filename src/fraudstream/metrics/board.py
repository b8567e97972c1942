"""The door of prometheus-client: a process's numbers, and the small server that Prometheus asks for them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest, start_http_server

from fraudstream.errors import ConfigurationError
from fraudstream.metrics.catalogue import COMMON, PROCESSES, Kind, Metric
from fraudstream.settings import MetricsSettings

log = structlog.get_logger()


class Board:
    """Holds the numbers of one process; to change one costs a microsecond, whether somebody reads them or not.

    Args:
        process: its name in `metrics.catalogue.PROCESSES`; only its metrics and the common ones are known.
    """

    def __init__(self, process: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._known = (*COMMON, *PROCESSES[process])
        self._counters = {
            metric: Counter(metric.name, metric.meaning, metric.labels, registry=self.registry)
            for metric in self._known
            if metric.kind is Kind.COUNTER
        }
        self._gauges: dict[Metric, Gauge] = {}

    def count(self, metric: Metric, amount: float = 1.0, *labels: str) -> None:
        """Add to a counter; `labels` are values in the order of the metric's own.

        Raises:
            KeyError: this process has no such counter.
        """
        counter = self._counters[metric]
        (counter.labels(*labels) if labels else counter).inc(amount)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge; `labels` are values in the order of the metric's own.

        Raises:
            KeyError: this process has no such gauge.
        """
        gauge = self._gauge(metric)
        (gauge.labels(*labels) if labels else gauge).set(value)

    def replace(self, metric: Metric, values: Mapping[tuple[str, ...], float]) -> None:
        """Set a gauge for these values of its labels, and for no others.

        Raises:
            KeyError: this process has no such gauge.
        """
        gauge = self._gauge(metric)
        gauge.clear()
        for labels, value in values.items():
            gauge.labels(*labels).set(value)

    def value(self, metric: Metric, *labels: str) -> float | None:
        """What the board shows; nothing where it shows nothing."""
        return self.registry.get_sample_value(metric.name, dict(zip(metric.labels, labels, strict=True)))

    def text(self) -> str:
        """Everything, in Prometheus' format."""
        return generate_latest(self.registry).decode()

    def _gauge(self, metric: Metric) -> Gauge:
        if metric not in self._gauges:
            if metric not in self._known or metric.kind is not Kind.GAUGE:
                raise KeyError(metric.name)
            self._gauges[metric] = Gauge(metric.name, metric.meaning, metric.labels, registry=self.registry)
        return self._gauges[metric]


@contextmanager
def exported(process: str) -> Iterator[Board]:
    """The board of a process, answered to Prometheus for as long as the block lasts if `METRICS_PORT` is set.

    Raises:
        ConfigurationError: the address can't be listened on.
    """
    settings, board = MetricsSettings.load(), Board(process)
    if settings.metrics_port is None:
        yield board
        return
    place = f"{settings.metrics_host}:{settings.metrics_port}"
    try:
        server, thread = start_http_server(settings.metrics_port, settings.metrics_host, board.registry)
    except OSError as error:
        raise ConfigurationError(
            f"metrics can't be served at {place}: {error}. Every process needs a METRICS_PORT of its own; unset, it "
            "serves none"
        ) from error
    log.info("metrics", address=f"http://{place}/metrics")
    try:
        yield board
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5.0)
