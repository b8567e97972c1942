"""A frame as a person reads it."""

import datetime as dt

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fraudstream.watching.frame import Frame, Latency, ProcessLine, StreamLine

LONG = 10.0
"""Seconds from which on milliseconds are no help."""
COLOURS = {"works": "green", "quiet": "yellow", "failing": "red", "away": "bold red", "off": "dim"}


def screen(shown: Frame) -> RenderableType:
    """The frame as a screen."""
    moment = dt.datetime.fromtimestamp(shown.moment, dt.UTC)
    verdict = "healthy" if shown.healthy else f"{len(shown.trouble)} thing(s) to look at"
    colour = "green" if shown.healthy else "red"
    parts: list[RenderableType] = [
        Panel(_stream(shown.stream), title=f"fraudstream: {verdict}", subtitle=f"{moment:%Y-%m-%d %H:%M:%S} UTC",
              border_style=colour),
        Panel(_processes(shown.processes), title="processes", border_style="cyan"),
    ]  # fmt: skip
    if shown.trouble:
        lines = Text("\n").join(Text(f"{each.sentence}  →  {each.runbook}") for each in shown.trouble)
        parts.append(Panel(lines, title="to look at", border_style="red"))
    return Group(*parts)


def _stream(stream: StreamLine) -> Table:
    table = Table.grid(padding=(0, 3))
    lost = "-" if stream.unaccounted is None else f"{stream.unaccounted:,}"
    for row in (
        ("records/s", _rate(stream.rate), "lag", _count(stream.lag), "model", stream.model_version or "-"),
        ("scored", _count(stream.scored), "quarantined", _count(stream.quarantined), "repeats", _count(stream.repeats)),
        ("payment to score", _range(stream.score), "to alert", _range(stream.alert), "to subscriber",
         _range(stream.notification)),
        ("alerts", _count(stream.alerts), "notified", _count(stream.notified), "held / unsent",
         f"{_count(stream.held)} / {_count(stream.unsent)}"),
        ("labels applied", _count(stream.labels), "labels behind", _count(stream.labels_behind), "archive behind",
         _count(stream.archive_behind)),
        ("balance", f"{lost} unaccounted", "", "", "", ""),
    ):  # fmt: skip
        table.add_row(*row)
    return table


def _processes(processes: tuple[ProcessLine, ...]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for name in ("process", "health", "last step", "failures", "memory", "CPU", ""):
        table.add_column(name, overflow="fold")
    for line in processes:
        table.add_row(
            line.name,
            Text(line.health, style=COLOURS[line.health]),
            "-" if line.worked_ago is None else f"{line.worked_ago:.0f} s ago",
            str(line.failures) if line.failures else "",
            "-" if line.memory is None else f"{line.memory / 2**20:,.0f} MiB",
            "-" if line.cpu_seconds is None else f"{line.cpu_seconds:,.0f} s",
            line.says or "",
        )
    return table


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _range(latency: Latency) -> str:
    if latency.p50 is None or latency.p99 is None:
        return "-"
    if latency.p99 >= LONG:
        return f"p50/p99 {latency.p50:,.1f}/{latency.p99:,.1f} s"
    return f"p50/p99 {latency.p50 * 1_000:,.0f}/{latency.p99 * 1_000:,.0f} ms"
