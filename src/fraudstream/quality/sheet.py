"""Live quality for people: the last days as they are known now, or one day as its labels arrived."""

import datetime as dt
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from fraudstream.features.stability import CHANGED, SHIFTED
from fraudstream.ports.quality import DayQuality, FeatureDrift
from fraudstream.quality.drift import SCORE
from fraudstream.quality.figures import LiveQuality
from fraudstream.tables import figures_table, print_whole

NOTHING = "–"  # noqa: RUF001 - a dash for nothing
OUTCOMES = ("known\n%", "frauds", "caught", "recall\n%", "value\n%", "judged", "preci-\nsion %")
HINTS = (
    "Recall and value are of the frauds known so far, precision is of the alerts judged so far;",
    "`fraudstream quality --day` shows how a day's figures moved as its labels arrived.",
)
DRIFT_LINES = 10
"""Features shown of the newest day that was compared: of those that moved, those that moved most."""


def show_days(quality: LiveQuality, console: Console) -> None:
    """Print one line for each day and model version, as known at the end of one day, and the newest drift."""
    console.print(Text(f"Live quality, as known on {quality.known_on}", style="bold"), soft_wrap=True)
    table = figures_table("day", "model", "payments", "alerts", "rate\n%", *OUTCOMES, "score\nPSI", "moved")
    for row in quality.newest():
        drift = [item for item in quality.drift if (item.day, item.model_version) == (row.day, row.model_version)]
        cells = (str(row.day), row.model_version, f"{row.payments:,}", f"{row.alerts:,}", _number(row.alert_rate, 2))
        table.add_row(*map(Text, (*cells, *_outcomes(row))), *_moved(drift))
    print_whole(table, console)
    _show_drift(quality.drift, console)
    for version, until in quality.reference_until.items():
        said = f"Version {version} is compared with its own first week, which ends {until:%Y-%m-%d %H:%M} UTC."
        console.print(Text(said, style="dim"), soft_wrap=True)
    for hint in HINTS:
        console.print(Text(hint, style="dim"), soft_wrap=True)


def show_cohorts(day: dt.date, quality: LiveQuality, console: Console) -> None:
    """Print one line for each day on which something became known of one day's payments, and their drift."""
    console.print(Text(f"Payments of {day}, as their labels arrived", style="bold"), soft_wrap=True)
    table = figures_table("known on", "after", "model", *OUTCOMES)
    for row in quality.cohorts:
        after = (row.as_known_on - row.day).days
        table.add_row(*map(Text, (str(row.as_known_on), f"{after} d", row.model_version, *_outcomes(row))))
    print_whole(table, console)
    for row in quality.newest():
        said = f"Version {row.model_version} scored {row.payments:,} payments and alerted {row.alerts:,} of them"
        console.print(Text(f"{said} ({percent(row.alert_rate, 2)})."), soft_wrap=True)
    _show_drift(quality.drift, console)


def summary(quality: LiveQuality) -> str:
    """One line about the newest day of which any outcome is known, for a log."""
    told = [row for row in quality.newest() if row.labelled]
    if not told:
        return f"{len(quality.newest())} days measured, no outcome is known yet"
    row = told[-1]
    return (
        f"{row.day} as known on {row.as_known_on}: precision {percent(row.precision)}, recall {percent(row.recall)} "
        f"of {row.frauds:,} frauds known, {percent(row.labelled_share)} labelled"
    )


def percent(share: float | None, places: int = 1) -> str:
    """A share in percent, or a dash where there is none."""
    return NOTHING if share is None else f"{100 * share:.{places}f} %"


def _outcomes(row: DayQuality) -> Iterator[str]:
    yield _number(row.labelled_share)
    yield f"{row.frauds:,}"
    yield f"{row.frauds_alerted:,}"
    yield _number(row.recall)
    yield _number(row.value_detection_rate)
    yield f"{row.alerts_labelled:,}"
    yield _number(row.precision)


def _number(share: float | None, places: int = 1) -> str:
    """A share in percent for a column that says so."""
    return percent(share, places).removesuffix(" %")


def _moved(drift: Sequence[FeatureDrift]) -> tuple[Text, Text]:
    """The index of the score, and how many features have shifted."""
    if not drift:
        return Text(NOTHING), Text(NOTHING)
    score = next((item.psi for item in drift if item.feature == SCORE), 0.0)
    moved = sum(item.psi >= SHIFTED for item in drift if item.feature != SCORE)
    return Text(f"{score:.3f}", style=_style(score)), Text(f"{moved}", style="yellow" if moved else "green")


def _style(psi: float) -> str:
    if psi >= CHANGED:
        return "red"
    return "yellow" if psi >= SHIFTED else "green"


def _show_drift(drift: Sequence[FeatureDrift], console: Console) -> None:
    if not drift:
        return
    day = max(item.day for item in drift)
    newest = sorted((item for item in drift if item.day == day), key=lambda item: -item.psi)
    moved = [item for item in newest if item.psi >= SHIFTED][:DRIFT_LINES]
    if not moved:
        said = f"Stable on {day}: the largest index (PSI) is {newest[0].psi:.3f}, of {newest[0].feature}."
        console.print(Text(said), soft_wrap=True)
        return
    console.print(Text(f"Drift on {day}, against the version's first week (PSI)", style="bold"), soft_wrap=True)
    table = figures_table("feature", "index")
    for item in moved:
        table.add_row(Text(item.feature), Text(f"{item.psi:.3f}", style=_style(item.psi)))
    print_whole(table, console)
