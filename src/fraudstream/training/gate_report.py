"""What the gate found, for people and for programs."""

import datetime as dt
import json
import math
from collections.abc import Callable

from fraudstream.training.compare import Comparison, Worth
from fraudstream.training.dataset import DAY
from fraudstream.training.gate import GateReport

_ROWS: tuple[tuple[str, Callable[[Worth, Comparison], float]], ...] = (
    ("average precision", lambda worth, _: worth.average_precision),
    ("predicted / actual frauds", lambda worth, both: worth.predicted_frauds / max(both.frauds, 1)),
    ("alert rate", lambda worth, _: worth.alert_rate),
    ("precision of alerts", lambda worth, _: worth.precision),
    ("frauds caught", lambda worth, _: worth.recall),
    ("fraud money caught", lambda worth, _: worth.value_recall),
)


def gate_lines(report: GateReport) -> list[str]:
    """The comparison as a table, and the verdict as the last line."""
    both, champion, challenger = report.comparison, report.champion, report.challenger
    lines = [
        f"challenger: version {challenger.model_version}, on trial since {challenger.started_at:%Y-%m-%d %H:%M} UTC",
        f"champion:   version {champion.model_version}",
        _window(report),
    ]
    if both.frauds:
        lines += ["", f"{'':<28}{'champion':>12}{'challenger':>12}"]
        lines += [
            f"{name:<28}{figure(both.champion, both):>12.4f}{figure(both.challenger, both):>12.4f}"
            for name, figure in _ROWS
        ]
        lines.append(f"{'gain in average precision':<28}{'':>12}{both.gain:>+12.4f} (standard error {both.error:.4f})")
    if report.latency is not None:
        lines.append(f"{'microseconds for one payment':<28}{'':>12}{report.latency * 1e6:>12.0f}")
    return [*lines, "", f"{report.verdict.outcome}: {report.verdict.reason}"]


def gate_json(report: GateReport, *, carried_out: bool) -> str:
    """The same as one line of JSON; numbers that are not finite are null."""
    figures = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in report.figures().items()
    }
    return json.dumps(
        {
            "outcome": report.verdict.outcome,
            "reason": report.verdict.reason,
            "champion": report.champion.model_version,
            "challenger": report.challenger.model_version,
            "carried_out": carried_out,
            "figures": figures,
        }
    )


def _window(report: GateReport) -> str:
    window, both = report.window, report.comparison
    if window is None:
        return "nothing was compared"
    begin, end = (dt.datetime.fromtimestamp(edge, dt.UTC) for edge in (window.begin, window.end))
    return (
        f"compared on {both.payments:,} payments of {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC that both "
        f"scored, {both.frauds:,} of them fraud as known {(window.as_of - window.end) / DAY:g} days later"
    )
