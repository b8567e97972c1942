"""The door of Grafana's own library: plain descriptions of panels become its dashboards."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from fraudstream.metrics.metric import Unit

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the next form of dashboards is none that files are read in
    from grafana_foundation_sdk.builders import dashboard as build
    from grafana_foundation_sdk.builders import prometheus, stat, timeseries
    from grafana_foundation_sdk.builders.common import ReduceDataOptions
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.common import DataSourceRef
    from grafana_foundation_sdk.models.dashboard import DashboardLinkType, Threshold, ThresholdsMode

SOURCE = DataSourceRef("prometheus", "prometheus")
HEIGHT = 7
"""Of a panel, in rows of the grid; the grid is 24 columns wide."""
UNITS = {
    Unit.SECONDS: "s",
    Unit.BYTES: "bytes",
    Unit.RATIO: "percentunit",
    Unit.PER_SECOND: "short",
}
"""What Grafana calls a unit; it has no name for records, and calls them short."""


@dataclass(frozen=True)
class Query:
    """An expression, and what its series are called."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Shown:
    """One panel; `limits` are the values from which it is yellow and red."""

    title: str
    means: str
    queries: Sequence[Query]
    unit: Unit = Unit.NUMBER
    width: int = 6
    single: bool = False
    limits: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: Sequence[Shown]


@dataclass(frozen=True)
class Page:
    """One dashboard."""

    uid: str
    title: str
    means: str
    rows: Sequence[Row]
    since: str = "now-30m"
    tags: tuple[str, ...] = field(default=("fraudstream",))


def rendered(page: Page) -> str:
    """The dashboard as Grafana reads it from a file."""
    made = (
        build.Dashboard(page.title)
        .uid(page.uid)
        .description(page.means)
        .tags(list(page.tags))
        .timezone("utc")
        .readonly()
        .refresh("10s")
        .time(page.since, "now")
        .link(
            build.DashboardLink("fraudstream")
            .type(DashboardLinkType.DASHBOARDS)
            .tags(list(page.tags))
            .as_dropdown(as_dropdown=False)
        )
    )
    number = 0
    for row in page.rows:
        number += 1
        made = made.with_row(build.Row(row.title).id(number))
        for shown in row.panels:
            number += 1
            made = made.with_panel(_panel(shown, number))
    return JSONEncoder(sort_keys=True, indent=1).encode(made.build()) + "\n"


def _panel(shown: Shown, number: int) -> stat.Panel | timeseries.Panel:
    panel: stat.Panel | timeseries.Panel = stat.Panel() if shown.single else timeseries.Panel()
    panel = (
        panel.id(number)
        .title(shown.title)
        .description(shown.means)
        .datasource(SOURCE)
        .height(HEIGHT)
        .span(shown.width)
        .unit(UNITS.get(shown.unit, "short"))
        .thresholds(build.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(_steps(shown)))
    )
    if isinstance(panel, stat.Panel):
        panel = panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
    elif shown.unit is Unit.RATIO:
        panel = panel.min(0).max(1)
    else:
        panel = panel.min(0)
    for at, query in enumerate(shown.queries):
        asked = prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id("ABCDEFGH"[at])
        asked = asked.datasource(SOURCE)
        panel = panel.with_target(asked.instant() if shown.single else asked.range())
    return panel


def _steps(shown: Shown) -> list[Threshold]:
    yellow, red = shown.limits
    steps = [Threshold(color="green", value=None)]
    steps += [Threshold(color="yellow", value=yellow)] if yellow is not None else []
    return steps + ([Threshold(color="red", value=red)] if red is not None else [])
