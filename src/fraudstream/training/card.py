"""The model card: what a version is, what it was trained on, how it did, and what that does not show."""

import datetime as dt
from collections.abc import Mapping

from fraudstream.training.evaluate import Evaluation

_DISCLAIMER = """\
The payments were simulated. A simulator proves plumbing and shows regressions; it says nothing about how well
this model would find fraud among real payments."""


def model_card(
    facts: Mapping[str, str], evaluation: Evaluation, baseline: Evaluation, feature_names: tuple[str, ...]
) -> str:
    """The card as markdown; `facts` are shown as they come, in their order."""
    return "\n".join(
        [
            "# Model card",
            "",
            "## What this does not show",
            "",
            _DISCLAIMER,
            "",
            "## Facts",
            "",
            *(f"- {name.replace('_', ' ')}: {value}" for name, value in facts.items()),
            "",
            "## Results",
            "",
            f"Measured on the last week of the history: {evaluation.payments:,} payments, {evaluation.frauds:,} fraud.",
            "What is fraud is taken from the simulation itself. Training stopped a week before; calibration and",
            "threshold come from the week between, with the labels that had arrived by the end of the history.",
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
