"""The model card: what a version is, what it was trained on, how it did, and what that does not show."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from fraudstream.training.evaluate import Evaluation


@dataclass(frozen=True)
class Origin:
    """Where a model's payments came from, in words: what the card must not be taken for, and what was measured."""

    caution: str
    measured: str


SIMULATED = Origin(
    caution="The payments were simulated. A simulator proves plumbing and shows regressions; it says nothing about how "
    "well\nthis model would find fraud among real payments.",
    measured="Measured on the last week of the history. What is fraud is taken from the simulation itself. Training "
    "stopped a\nweek before; calibration and threshold come from the week between, with the labels that had arrived by "
    "the end of\nthe history.",
)
RECORDED = Origin(
    caution="Its payments are those of the log, with the vectors they were scored by. What the model at work held back "
    "from\nanalysts may never have been labelled; what was never labelled counts as genuine.",
    measured="Measured on the last payments whose labels had matured, as known when it was trained. Training stopped "
    "one\nspan of maturity before; calibration and threshold come from the span between.",
)
ARCHIVED = Origin(
    caution="Its payments are those of the archive, with the vectors they were scored by, and its labels those of the "
    "database.\nWhat the model at work held back from analysts may never have been labelled; what was never labelled "
    "counts as genuine.",
    measured=RECORDED.measured,
)


def model_card(
    facts: Mapping[str, str],
    evaluation: Evaluation,
    baseline: Evaluation,
    feature_names: tuple[str, ...],
    origin: Origin = SIMULATED,
) -> str:
    """The card as markdown; `facts` are shown as they come, in their order."""
    return "\n".join(
        [
            "# Model card",
            "",
            "## What this does not show",
            "",
            origin.caution,
            "",
            "## Facts",
            "",
            *(f"- {name.replace('_', ' ')}: {value}" for name, value in facts.items()),
            "",
            "## Results",
            "",
            f"{evaluation.payments:,} payments, {evaluation.frauds:,} of them fraud.",
            origin.measured,
            "",
            *_table(evaluation, baseline),
            "",
            "Share of the payments of each kind of fraud that alerted:",
            "",
            "| kind | payments | recall |",
            "|---|---:|---:|",
            *(f"| {kind.name} | {kind.payments} | {kind.recall:.3f} |" for kind in evaluation.by_scenario),
            "",
            "## Features",
            "",
            ", ".join(feature_names),
            "",
        ]
    )


def moment_text(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")


def _table(evaluation: Evaluation, baseline: Evaluation) -> list[str]:
    shown = ["auc", "average_precision", *(f"recall_at_fpr_{rate:g}" for rate, _ in evaluation.recall_at)]
    shown += ["alert_rate", "alert_precision", "alert_recall", "value_recall", "predicted_to_actual"]
    own, other = evaluation.metrics(), baseline.metrics()
    rows = [f"| {name.replace('_', ' ')} | {own[name]:.4f} | {other[name]:.4f} |" for name in shown]
    return ["| figure | model | logistic regression |", "|---|---:|---:|", *rows]
