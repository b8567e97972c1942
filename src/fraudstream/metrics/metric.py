"""What a metric is: a name, a kind, a unit and one sentence."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What a number does."""

    COUNTER = "counter"
    """Only grows, until the process starts anew."""
    GAUGE = "gauge"
    """Goes up and down; not there before it is known."""
    HISTOGRAM = "histogram"
    """Counts what was measured, by size."""


class Unit(StrEnum):
    """What a number counts or measures."""

    SECONDS = "seconds"
    TIMESTAMP = "seconds since 1970 UTC"
    BYTES = "bytes"
    RATIO = "0 to 1"
    FLAG = "0 or 1"
    INDEX = "index"
    """A measure without a unit, as PSI is."""
    NUMBER = "number"
    """The number of something: an epoch, a turn."""
    PER_SECOND = "per second"
    RECORDS = "records"
    PAYMENTS = "payments"
    ALERTS = "alerts"
    LABELS = "labels"
    MESSAGES = "messages"
    REQUESTS = "requests"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; each combination of values of its labels is a number of its own."""

    name: str
    unit: Unit
    meaning: str
    labels: tuple[str, ...] = ()
    kind: ClassVar[Kind]


@dataclass(frozen=True, slots=True)
class Counter(Metric):
    """Only grows."""

    kind = Kind.COUNTER


@dataclass(frozen=True, slots=True)
class Gauge(Metric):
    """Goes up and down."""

    kind = Kind.GAUGE


@dataclass(frozen=True, slots=True)
class Histogram(Metric):
    """Counts measurements in buckets; `bounds` are their upper ends, rising, the last bucket has none."""

    bounds: tuple[float, ...] = ()
    kind = Kind.HISTOGRAM


def counter(name: str, unit: Unit, meaning: str, *labels: str) -> Counter:
    """A counter of the project, `fraudstream_{name}_total`."""
    return Counter(f"fraudstream_{name}_total", unit, meaning, labels)


def gauge(name: str, unit: Unit, meaning: str, *labels: str) -> Gauge:
    """A gauge of the project, `fraudstream_{name}`."""
    return Gauge(f"fraudstream_{name}", unit, meaning, labels)


def histogram(name: str, bounds: tuple[float, ...], meaning: str, *labels: str) -> Histogram:
    """A histogram of seconds of the project, `fraudstream_{name}_seconds`."""
    return Histogram(f"fraudstream_{name}_seconds", Unit.SECONDS, meaning, labels, bounds)
