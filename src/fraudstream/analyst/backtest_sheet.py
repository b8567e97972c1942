"""A backtest for people: a line for each day, one for all, the model beside the champion."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fraudstream.analyst.backtest import Backtest, Catch, ModelName, Stretch

_COLUMNS = ("day", "payments", "known", "frauds", "money", "", "alerts", "precision", "recall", "caught")


def show(result: Backtest, console: Console) -> None:
    """Print a backtest."""
    _say(console, f"Model {_named(result.model)}")
    if result.champion is None:
        _say(console, f"No champion beside it: {result.without_champion}")
    else:
        _say(console, f"Champion {_named(result.champion)}")
    if result.champion is not None and result.champion.digest == result.model.digest:
        _say(console, "They are the same model.")
    console.print()
    console.print(_table(result))
    _say(console, "known: have a label by now; precision: of alerts that have one; caught: money in them; days are UTC")
    if result.total.unreadable:
        _say(console, f"{result.total.unreadable:,} stored vectors are damaged and were not scored", style="bold red")


def _say(console: Console, line: str, style: str = "") -> None:
    console.print(Text(line, style=style), soft_wrap=True)


def _named(name: ModelName) -> str:
    return f"version {name.version}, threshold {name.threshold:.4f}, SHA-256 {name.digest[:12]}, from the {name.source}"


def _table(result: Backtest) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in _COLUMNS:
        table.add_column(heading, justify="left" if heading in {"day", ""} else "right")
    for stretch in result.days:
        _add(table, stretch)
    table.add_row()
    _add(table, result.total, style="bold")
    return table


def _add(table: Table, stretch: Stretch, style: str = "") -> None:
    day = "all" if stretch.day is None else stretch.day.isoformat()
    counts = [f"{count:,}" for count in (stretch.payments, stretch.labelled, stretch.frauds)]
    table.add_row(day, *counts, f"{stretch.money:,.0f}", "model", *_caught(stretch.model), style=style)
    if stretch.champion is not None:
        table.add_row(*[""] * 5, "champion", *_caught(stretch.champion), style="dim")


def _caught(catch: Catch) -> list[str]:
    return [f"{catch.alerts:,}", _share(catch.precision), _share(catch.recall), f"{catch.money_caught:,.0f}"]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
