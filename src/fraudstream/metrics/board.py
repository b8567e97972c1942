"""The door of prometheus-client: a process's numbers, and the small server that Prometheus asks for them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import prometheus_client
import structlog
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest, start_http_server

from fraudstream import __version__
from fraudstream.errors import ConfigurationError
from fraudstream.metrics.catalogue import BUILD, COMMON, PROCESSES, ProcessName
from fraudstream.metrics.histograms import Buckets
from fraudstream.metrics.metric import Counter, Gauge, Histogram, Metric
from fraudstream.settings import MetricsSettings

LOOPBACK = "127.0.0.1"

log = structlog.get_logger()


class Board:
    """Holds the numbers of one process; to change one costs a microsecond, whether somebody reads them or not.

    Args:
        process: its name in `metrics.catalogue.PROCESSES`; only its metrics and the common ones are known.
    """

    def __init__(self, process: ProcessName) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._known = (*COMMON, *PROCESSES[process])
        self._counters = {
            metric: prometheus_client.Counter(metric.name, metric.meaning, metric.labels, registry=self.registry)
            for metric in self._known
            if isinstance(metric, Counter)
        }
        self._gauges: dict[Metric, prometheus_client.Gauge] = {}
        self._histograms = {metric: Buckets(metric) for metric in self._known if isinstance(metric, Histogram)}
        for buckets in self._histograms.values():
            self.registry.register(buckets)
        self.set(BUILD, 1, process, __version__)

    def count(self, metric: Counter, amount: float = 1.0, *labels: str) -> None:
        """Add to a counter; `labels` are values in the order of the metric's own.

        Raises:
            KeyError: this process has no such counter.
        """
        counter = self._counters[metric]
        (counter.labels(*labels) if labels else counter).inc(amount)

    def set(self, metric: Gauge, value: float, *labels: str) -> None:
        """Set a gauge; `labels` are values in the order of the metric's own.

        Raises:
            KeyError: this process has no such gauge.
        """
        gauge = self._gauge(metric)
        (gauge.labels(*labels) if labels else gauge).set(value)

    def observe(self, metric: Histogram, values: Iterable[float], *labels: str) -> None:
        """Count measurements in a histogram; without any, its labels appear with nothing counted.

        Raises:
            KeyError: this process has no such histogram.
        """
        self._histograms[metric].add(values, labels)

    def replace(self, metric: Gauge, values: Mapping[tuple[str, ...], float]) -> None:
        """Set a gauge for these values of its labels, and for no others.

        Raises:
            KeyError: this process has no such gauge.
        """
        gauge = self._gauge(metric)
        gauge.clear()
        for labels, value in values.items():
            gauge.labels(*labels).set(value)

    def value(self, metric: Metric, *labels: str) -> float | None:
        """What the board shows, of a histogram how much was counted; nothing where it shows nothing."""
        name = f"{metric.name}_count" if isinstance(metric, Histogram) else metric.name
        return self.registry.get_sample_value(name, dict(zip(metric.labels, labels, strict=True)))

    def text(self) -> str:
        """Everything, in Prometheus' format."""
        return generate_latest(self.registry).decode()

    def _gauge(self, metric: Gauge) -> prometheus_client.Gauge:
        if metric not in self._gauges:
            if metric not in self._known:
                raise KeyError(metric.name)
            self._gauges[metric] = prometheus_client.Gauge(
                metric.name, metric.meaning, metric.labels, registry=self.registry
            )
        return self._gauges[metric]


@contextmanager
def exported(process: ProcessName, *, port: int | None = None) -> Iterator[Board]:
    """The board of a process, answered to Prometheus for as long as the block lasts if `METRICS_PORT` is set.

    Args:
        process: its name in the catalogue.
        port: on loopback, whatever the environment says.

    Raises:
        ConfigurationError: the address can't be listened on.
    """
    settings, board = MetricsSettings.load(), Board(process)
    host, chosen = (settings.metrics_host, settings.metrics_port) if port is None else (LOOPBACK, port)
    if chosen is None:
        yield board
        return
    place = f"{host}:{chosen}"
    try:
        server, thread = start_http_server(chosen, host, board.registry)
    except OSError as error:
        raise ConfigurationError(
            f"metrics can't be served at {place}: {error}. Every process needs a METRICS_PORT of its own; unset, it "
            "serves none"
        ) from error
    if port is None:
        log.info("metrics", address=f"http://{place}/metrics")
    try:
        yield board
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5.0)
