"""The stream as a person watches it: a panel on a terminal, a line every few seconds elsewhere."""

import datetime as dt
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fraudstream.adapters.database.live_figures import AlertLine, LiveFigures, Quantiles

RATE_WINDOW = 5.0
"""Seconds over which events per second are averaged."""

SAME_TIME = dt.timedelta(minutes=1)
"""A payment whose own time is further from its alert's is shown with both."""


@dataclass
class RateMeter:
    """Events per second from a growing total, over the last `RATE_WINDOW` seconds or since the look before."""

    samples: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, moment: float, total: int) -> float:
        """Take the total at `moment` (monotonic seconds) and return the rate."""
        self.samples.append((moment, total))
        while len(self.samples) > 1 and moment - self.samples[1][0] >= RATE_WINDOW:
            self.samples.popleft()
        first_moment, first_total = self.samples[0]
        elapsed = moment - first_moment
        return (total - first_total) / elapsed if elapsed > 0 else 0.0


@dataclass(frozen=True)
class Snapshot:
    """One look: figures, the rate (events/s), the lag (records not scored yet), seconds since ready."""

    figures: LiveFigures
    rate: float
    lag: int
    elapsed: float
    alerts: Sequence[AlertLine]
    scripted: frozenset[str]


def line(snapshot: Snapshot) -> str:
    """The snapshot in one plain line."""
    figures = snapshot.figures
    return (
        f"[{snapshot.elapsed:5.0f} s] {snapshot.rate:6.0f} events/s  lag {snapshot.lag:5d}  "
        f"scored {figures.scored:8d}  score {_range(figures.score_latency)}  "
        f"alerts {figures.alerts:4d} ({_range(figures.alert_latency)})  notified {figures.notified:4d}  "
        f"labels {figures.labels:6d}  model {figures.model_version}"
    )


def alert_text(alert: AlertLine, *, scripted: bool = False) -> str:
    """One alert in a plain line, with its reasons."""
    mark = "SCRIPTED FRAUD  " if scripted else ""
    paid = f"paid {_paid(alert)} " if _is_of_another_time(alert) else ""
    return (
        f"{mark}ALERT {alert.created_at:%H:%M:%S} {paid}customer {alert.user_id} {alert.amount:,.2f} "
        f"p={alert.score:.3f} after {alert.latency_ms:.0f} ms: {'; '.join(alert.reasons)}"
    )


def panel(snapshot: Snapshot, urls: Mapping[str, str]) -> RenderableType:
    """The snapshot as a screen."""
    return Group(
        Panel(_figures_table(snapshot), title="fraudstream", border_style="cyan"),
        Panel(_alerts_table(snapshot), title="latest alerts", border_style="red"),
        Text("  ".join(f"{name} {url}" for name, url in urls.items()), style="dim"),
        Text("f play a fraud   q stop and draw up the balance", style="bold dim"),
    )


def _figures_table(snapshot: Snapshot) -> Table:
    figures = snapshot.figures
    table = Table.grid(padding=(0, 3))
    table.add_row(
        "events/s",
        f"[bold]{snapshot.rate:,.0f}[/]",
        "lag",
        f"[bold]{snapshot.lag:,}[/]",
        "model",
        figures.model_version,
    )
    table.add_row(
        "scored", f"{figures.scored:,}", "quarantined", f"{figures.quarantined:,}", "repeats", f"{figures.repeats:,}"
    )
    table.add_row("alerts", f"{figures.alerts:,}", "notified", f"{figures.notified:,}", "labels", f"{figures.labels:,}")
    table.add_row(
        "payment to score",
        _range(figures.score_latency),
        "payment to alert",
        _range(figures.alert_latency),
        "running",
        str(dt.timedelta(seconds=int(snapshot.elapsed))),
    )
    return table


def _alerts_table(snapshot: Snapshot) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    simulated = any(_is_of_another_time(alert) for alert in snapshot.alerts)
    for name in ("time", *(["paid"] if simulated else []), "customer", "amount", "p", "after", "", "why"):
        table.add_column(name, overflow="fold" if name == "why" else "ellipsis", no_wrap=name != "why")
    for alert in snapshot.alerts:
        table.add_row(
            f"{alert.created_at:%H:%M:%S}",
            *([_paid(alert)] if simulated else []),
            str(alert.user_id),
            f"{alert.amount:,.2f}",
            f"{alert.score:.2f}",
            f"{alert.latency_ms:.0f} ms",
            "notified" if alert.notified else "",
            "; ".join(alert.reasons),
            style="bold red" if str(alert.transaction_id) in snapshot.scripted else "",
        )
    return table


def _is_of_another_time(alert: AlertLine) -> bool:
    return abs(alert.created_at - alert.event_time) > SAME_TIME


def _paid(alert: AlertLine) -> str:
    """The payment's own time, which the simulation makes another than the alert's."""
    return f"{alert.event_time:%Y-%m-%d %H:%M}"


def _range(latency: Quantiles) -> str:
    if latency.p50 is None or latency.p99 is None:
        return "p50/p99 -"
    return f"p50/p99 {latency.p50:.0f}/{latency.p99:.0f} ms"
