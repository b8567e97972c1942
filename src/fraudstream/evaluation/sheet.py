"""An evaluation for people: published figures and ours side by side, and what limits them."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fraudstream.evaluation.contest import Candidate
from fraudstream.evaluation.figures import SCENARIO_RATE, Figures
from fraudstream.evaluation.published import PERFECT_CP100, PUBLISHED, SOURCE
from fraudstream.evaluation.report import CAVEAT, Report
from fraudstream.evaluation.speed import SERVING_RATE
from fraudstream.tables import figures_table, print_whole

NOTHING = "–"  # noqa: RUF001 - a dash for nothing
COLUMNS = ("AUC", "AP", "CP@100", "recall 0.1 %", "0.5 %", "1 %", "predicted/actual", "ECE")
"""Recall is at so many false positives."""


def show(report: Report, console: Console) -> None:
    """Print every candidate, then the best one by fold and all of them by kind of fraud."""
    outcome = report.outcome
    measured = outcome.best.figures
    title = f"{report.world} world, seed {report.seed}: {report.rows:,} payments, {report.frauds:,} of them fraud"
    _say(console, title, style="bold")
    folds = len(outcome.best.per_fold)
    mean = f", mean of {folds} folds" if folds > 1 else ""
    _say(console, f"Measured on {measured.rows:,} of them with {measured.frauds:,} frauds{mean}.\n", style="dim")
    for table in _tables(report):
        print_whole(table, console)
        console.print()
    for line in (*_named(report), *_cost(report)):
        _say(console, line)
    _say(console, f"\n{report.verdict[0].upper()}{report.verdict[1:]}.", style="bold")
    if report.small:
        _say(console, "This was a small world: no figure above means anything.", style="bold")
    _say(console, CAVEAT, style="dim")


def _tables(report: Report) -> Iterable[Table]:
    best = report.outcome.best
    yield _candidates(report)
    if len(best.per_fold) > 1:
        yield _folds(best)
    yield _scenarios(report)
    if report.ablations:
        yield _ablations(report)


def _candidates(report: Report) -> Table:
    table = figures_table("model", *COLUMNS, "payments/s")
    if report.world == "handbook":
        for known in PUBLISHED:
            cells = [_range(*known.auc), _range(*known.ap), _range(*known.cp100), *[NOTHING] * 6]
            table.add_row(f"{known.model} (published)", *cells, style="dim")
    for one in report.outcome.candidates:
        names = {"best": report.outcome.best, "serving": report.outcome.serving}
        roles = ", ".join(name for name, candidate in names.items() if candidate is one)
        label = f"{one.recipe.family.text} ({roles})" if roles else one.recipe.family.text
        table.add_row(label, *_cells(one.figures), f"{one.rows_per_second:,.0f}", style="bold" if roles else "")
    return table


def _folds(best: Candidate) -> Table:
    table = figures_table(f"{best.recipe.family.text}, training from", *COLUMNS, "payments", "frauds")
    for name, figures in best.per_fold.items():
        table.add_row(name, *_cells(figures), f"{figures.rows:,}", f"{figures.frauds:,}")
    return table


def _scenarios(report: Report) -> Table:
    candidates = report.outcome.candidates
    table = figures_table(
        f"recall at {SCENARIO_RATE:.1%} false positives", *(one.recipe.family.text for one in candidates)
    )
    for kind in report.outcome.best.figures.per_scenario_recall:
        table.add_row(kind, *(f"{one.figures.per_scenario_recall[kind]:.3f}" for one in candidates))
    return table


def _ablations(report: Report) -> Table:
    table = figures_table(f"{report.outcome.best.recipe.family.text} without", "AP", "loss")
    for one in report.ablations:
        table.add_row(f"{one.without} ({len(one.features)} features)", f"{one.ap:.3f}", f"{one.loss:.3f}")
    return table


def _named(report: Report) -> Iterable[str]:
    best, serving = report.outcome.best, report.outcome.serving
    yield f"Best on the validation splits, where all was chosen (AP {best.trial.mean:.3f} there): {best.recipe.text}."
    if serving is None:
        yield f"Serving: none reaches {SERVING_RATE:,} payments a second on one core."
    else:
        yield (
            f"Serving, the best there among those that reach {SERVING_RATE:,} payments a second on one core: "
            f"{serving.recipe.text}; {serving.rows_per_second:,.0f} payments/s, artefact SHA-256 {serving.digest}."
        )
    if report.world == "handbook":
        yield f"Published figures: {SOURCE}. Whoever knew the truth would reach a CP@100 of {PERFECT_CP100}."


def _cost(report: Report) -> Iterable[str]:
    wall = sum(report.seconds.values())
    yield (
        f"{report.rows:,} payments went through the kernel in {report.replay_seconds:.1f} s of one core. All took "
        f"{wall:.0f} s, {report.cpu_seconds:.0f} s of them on a core, and at most {report.peak_memory_mb:,.0f} MB."
    )


def _cells(figures: Figures) -> tuple[str, ...]:
    recalls = (f"{recall:.3f}" for recall in figures.recall_at_fpr.values())
    ratio, error = f"{figures.predicted_over_actual:.2f}", f"{figures.ece:.4f}"
    return (f"{figures.auc:.3f}", f"{figures.ap:.3f}", f"{figures.cp100:.3f}", *recalls, ratio, error)


def _range(low: float, high: float) -> str:
    return f"{low:.3f}" if low == high else f"{low:.3f}-{high:.3f}"


def _say(console: Console, line: str, *, style: str = "") -> None:
    console.print(Text(line, style=style), soft_wrap=True)
