"""What a training looks like: five pictures that stand beside its figures in the registry."""

import io
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, precision_recall_curve

from fraudstream.features.events import Floats
from fraudstream.features.stability import CHANGED, SHIFTED
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import NO_FEATURE, score
from fraudstream.training.evaluate import Evaluation
from fraudstream.training.windows_drift import SCORE, WindowsDrift

BINS = 12
"""Groups of payments, ordered by score, in the picture of the calibration; few in those of the highest."""
SHOWN_FEATURES = 20
EXPLAINED_ROWS = 500
"""Payments with the highest scores whose contributions are averaged."""

_INK, _ACCENT, _QUIET = "#1f2933", "#c2410c", "#9aa5b1"
_SIZE = (6.4, 4.4)
_DOTS_PER_INCH = 110

Bools = npt.NDArray[np.bool_]


def plots(
    model: ScoringModel, vectors: Floats, fraud: Bools, evaluation: Evaluation, drift: WindowsDrift
) -> Mapping[str, bytes]:
    """PNG pictures by the names the registry keeps them under.

    Args:
        model: the calibrated model.
        vectors: (n, F) of payments it was not trained on.
        fraud: (n,) the truth about them, with both outcomes in it.
        evaluation: the figures on the same payments.
        drift: of these payments and of those before them, against the training's.
    """
    probability = score(model, vectors).probability
    return {
        "plots/precision_recall.png": _precision_recall(probability, fraud, model.threshold),
        "plots/calibration.png": _calibration(probability, fraud),
        "plots/recall_by_scenario.png": _by_scenario(evaluation),
        "plots/feature_importance.png": _importance(model, vectors, probability),
        "plots/drift.png": _drift(drift),
    }


def _precision_recall(probability: Floats, fraud: Bools, threshold: float) -> bytes:
    figure, axes = _blank("Precision and recall", "recall: share of frauds found", "precision: share of alerts right")
    precision, recall, _ = precision_recall_curve(fraud, probability)
    alerted = probability >= threshold
    axes.plot(recall, precision, color=_INK)
    if alerted.any():
        point = (float(alerted[fraud].mean()), float(fraud[alerted].mean()))
        axes.plot(*point, "o", color=_ACCENT, label=f"threshold {threshold:.3f}")
    axes.axhline(float(fraud.mean()), color=_QUIET, linestyle=":", label=f"by chance {fraud.mean():.4f}")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(title=f"average precision {average_precision_score(fraud, probability):.3f}", frameon=False)
    return _png(figure)


def _calibration(probability: Floats, fraud: Bools) -> bytes:
    figure, axes = _blank("Calibration", "predicted share of fraud", "found share of fraud")
    order = np.argsort(probability)
    edges = np.unique((len(order) * (1 - np.geomspace(1, 1e-3, BINS))).astype(np.int64))
    groups = [group for group in np.split(order, edges[1:]) if len(group)]
    predicted = np.array([probability[group].mean() for group in groups])
    found = np.array([fraud[group].mean() for group in groups])
    floor = 1 / len(fraud)
    axes.plot([floor, 1], [floor, 1], color=_QUIET, linestyle=":")
    axes.plot(np.maximum(predicted, floor), np.maximum(found, floor), "o-", color=_INK)
    axes.set(xscale="log", yscale="log", xlim=(floor, 1.2), ylim=(floor, 1.2))
    return _png(figure)


def _by_scenario(evaluation: Evaluation) -> bytes:
    figure, axes = _blank("Recall at the threshold, by kind of fraud", "share of payments that alerted", "")
    kinds = evaluation.by_scenario[::-1]
    bars = axes.barh([kind.name for kind in kinds], [kind.recall for kind in kinds], color=_INK)
    axes.bar_label(bars, [f" {kind.recall:.0%} of {kind.payments:,}" for kind in kinds], color=_INK, fontsize=8)
    axes.set(xlim=(0, 1.25))
    return _png(figure)


def _importance(model: ScoringModel, vectors: Floats, probability: Floats) -> bytes:
    figure, axes = _blank("What raises the highest scores", "mean contribution, log-odds", "")
    highest = np.argsort(-probability)[:EXPLAINED_ROWS]
    explained = score(model, vectors[highest], top=len(model.feature_names))
    total = np.zeros(len(model.feature_names))
    named = explained.top_feature != NO_FEATURE
    np.add.at(total, explained.top_feature[named], explained.top_contribution[named])
    strongest = np.argsort(-total)[:SHOWN_FEATURES][::-1]
    axes.barh([model.feature_names[column] for column in strongest], total[strongest] / len(highest), color=_INK)
    axes.tick_params(axis="y", labelsize=7)
    return _png(figure)


def _drift(drift: WindowsDrift) -> bytes:
    figure, axes = _blank("Drift since the last week trained on", "population stability index (PSI)", "")
    farthest = sorted((name for name in drift.evaluation if name != SCORE), key=lambda name: drift.evaluation[name])
    shown = [*farthest[-SHOWN_FEATURES:], SCORE]
    place = np.arange(len(shown))
    weeks = (("week measured", drift.evaluation, 0.2, _INK), ("week calibrated on", drift.calibration, -0.2, _QUIET))
    for label, indices, offset, color in weeks:
        axes.barh(place + offset, [indices[name] for name in shown], height=0.4, color=color, label=label)
    for limit, label in ((SHIFTED, "shifted"), (CHANGED, "changed")):
        axes.axvline(limit, color=_ACCENT, linestyle=":")
        axes.annotate(f" {label}", (limit, -1), color=_ACCENT, fontsize=7, va="bottom")
    axes.set_yticks(place, shown, fontsize=7)
    axes.set(xlim=(0, max(1.2 * CHANGED, 1.1 * max(*drift.evaluation.values(), *drift.calibration.values()))))
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return _png(figure)


def _blank(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", color=_INK)
    axes.set(xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
