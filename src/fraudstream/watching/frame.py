"""One look at everything that runs, drawn from what the processes tell: figures, processes, and what is wrong."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Literal

import msgspec

from fraudstream.metrics import catalogue
from fraudstream.metrics.metric import Metric
from fraudstream.metrics.scrape import Figures
from fraudstream.watching.trouble import Trouble, troubles

QUIET_SECONDS = 30.0
"""Without a successful step for so long, a process counts as quiet; its step may be longer, as a training is."""

Health = Literal["works", "failing", "quiet", "away", "off"]
"""`off` is away on purpose."""


class Latency(msgspec.Struct, frozen=True):
    """Median and 99th percentile of the last minute, in seconds; empty where nothing was measured."""

    p50: float | None
    p99: float | None


class ProcessLine(msgspec.Struct, frozen=True):
    """One process: whether it works, how long ago a step succeeded (s), and its memory (bytes) and CPU time (s)."""

    name: str
    health: Health
    worked_ago: float | None
    failures: int
    memory: int | None
    cpu_seconds: float | None
    says: str | None = None


class StreamLine(msgspec.Struct, frozen=True):
    """The stream: rate in records a second over a minute, the others in records or alerts; empty if not told."""

    rate: float | None
    lag: int | None
    scored: int | None
    quarantined: int | None
    repeats: int | None
    unaccounted: int | None
    score: Latency
    alert: Latency
    notification: Latency
    alerts: int | None
    notified: int | None
    unsent: int | None
    held: int | None
    labels: int | None
    labels_behind: int | None
    archive_behind: int | None
    model_version: str | None


class Frame(msgspec.Struct, frozen=True):
    """Everything at one moment, in seconds since 1970 UTC."""

    moment: float
    healthy: bool
    stream: StreamLine
    processes: tuple[ProcessLine, ...]
    trouble: tuple[Trouble, ...]

    def to_json(self) -> str:
        """One line."""
        return msgspec.json.encode(self).decode()


def frame(answers: Mapping[str, Figures], *, moment: float, off: AbstractSet[str] = frozenset()) -> Frame:
    """Draw a frame from the answers of all processes, by name, at `moment` in seconds since 1970 UTC.

    Whoever is named in `off` is switched off, and missed by nobody; one that answers all the same is shown as it is.
    """
    off = {name for name in off if name in answers and answers[name].trouble is not None}
    together = Figures({key: value for figures in answers.values() for key, value in figures.values.items()})
    wrong = tuple(troubles({name: told for name, told in answers.items() if name not in off}, together))
    return Frame(
        moment=moment,
        healthy=not wrong,
        stream=_stream(together),
        processes=tuple(
            _switched_off(name) if name in off else _process(name, figures, moment) for name, figures in answers.items()
        ),
        trouble=wrong,
    )


def _stream(told: Figures) -> StreamLine:
    lags = told.each(catalogue.STREAM_LAG)
    versions = [version for (version,) in told.each(catalogue.STREAM_MODEL)]
    return StreamLine(
        rate=told.value(catalogue.STREAM_RATE),
        lag=int(sum(lags.values())) if lags else None,
        scored=_whole(told, catalogue.STREAM_RECORDS, "scored"),
        quarantined=_whole(told, catalogue.STREAM_RECORDS, "quarantined"),
        repeats=_whole(told, catalogue.STREAM_RECORDS, "repeat"),
        unaccounted=_whole(told, catalogue.STREAM_UNACCOUNTED),
        score=_latency(told, "score"),
        alert=_latency(told, "alert"),
        notification=_latency(told, "notification"),
        alerts=_whole(told, catalogue.STREAM_ALERTS),
        notified=_whole(told, catalogue.STREAM_NOTIFIED),
        unsent=_whole(told, catalogue.UNSENT),
        held=_whole(told, catalogue.HELD),
        labels=_whole(told, catalogue.LABEL_SEQ),
        labels_behind=_whole(told, catalogue.LABELS_BEHIND),
        archive_behind=_whole(told, catalogue.ARCHIVE_RECORDS),
        model_version=versions[0] if versions else None,
    )


def _process(name: str, told: Figures, moment: float) -> ProcessLine:
    worked_at, failures = told.value(catalogue.WORKED_AT), int(told.value(catalogue.FAILING) or 0)
    ago = None if worked_at is None else max(moment - worked_at, 0.0)
    memory = told.standard("process_resident_memory_bytes")
    health: Health = "works"
    if told.trouble is not None:
        health = "away"
    elif failures:
        health = "failing"
    elif ago is not None and ago > QUIET_SECONDS:
        health = "quiet"
    return ProcessLine(
        name=name,
        health=health,
        worked_ago=ago,
        failures=failures,
        memory=None if memory is None else int(memory),
        cpu_seconds=told.standard("process_cpu_seconds_total"),
        says=told.trouble,
    )


def _switched_off(name: str) -> ProcessLine:
    return ProcessLine(
        name, "off", worked_ago=None, failures=0, memory=None, cpu_seconds=None, says="switched off by the settings"
    )


def _latency(told: Figures, stage: str) -> Latency:
    return Latency(*(told.value(catalogue.STREAM_RECENT, stage, quantile) for quantile in ("0.5", "0.99")))


def _whole(told: Figures, metric: Metric, *labels: str) -> int | None:
    value = told.value(metric, *labels)
    return None if value is None else int(value)
