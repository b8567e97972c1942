"""The results as pictures, drawn from what stands in the file and from nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

OURS = "fraudstream"
_INK, _ACCENT, _QUIET = "#1f2933", "#c2410c", "#9aa5b1"
_TITLES = {
    "customers": "customers with a state",
    "stored_rows": "rows stored before",
    "event_bytes": "bytes of an event",
    "partitions": "Kafka partitions",
    "workers": "workers of a cluster",
}


def draw_peers(results: Mapping[str, Any], picture: Path) -> None:
    """Payments a second of everybody who did what they should, on a logarithmic axis, as SVG."""
    ranked = sorted(
        (one for one in results["medians"].values() if not one["error"]), key=lambda one: float(one["rate"])
    )
    figure = Figure(figsize=(8.0, 0.42 * len(ranked) + 1.1), layout="constrained")
    axes = figure.subplots()
    colours = [_ACCENT if one["name"] == OURS else _QUIET for one in ranked]
    bars = axes.barh([one["name"] for one in ranked], [one["rate"] for one in ranked], color=colours)
    axes.bar_label(bars, [f" {one['rate']:,.0f}" for one in ranked], color=_INK)
    axes.set_xscale("log")
    axes.margins(x=0.2)
    axes.set_xlabel("payments a second on the same machine, broker, payments and model (logarithmic)", color=_INK)
    _plain(axes)
    _save(figure, picture)


def draw_scale(results: Mapping[str, Any], picture: Path) -> None:
    """Payments a second beside what grows, one panel for each measured dimension, as SVG."""
    scale: Mapping[str, Mapping[str, Any]] = results["scale"]
    figure = Figure(figsize=(2.7 * len(scale) + 0.5, 3.2), layout="constrained")
    for axes, (dimension, found) in zip(figure.subplots(1, len(scale), squeeze=False)[0], scale.items(), strict=True):
        places = range(len(found))
        axes.plot(places, [one["events_per_s"] / 1e3 for one in found.values()], marker="o", color=_ACCENT)
        axes.set_xticks(places, [f"{int(step):,}" for step in found], rotation=20)
        axes.set_ylim(bottom=0)
        axes.set_title(_TITLES.get(dimension, dimension), fontsize=10, color=_INK)
        _plain(axes)
    figure.supylabel("thousand payments a second", fontsize=10, color=_INK)
    _save(figure, picture)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=_INK)


def _save(figure: Figure, picture: Path) -> None:
    with rc_context({"svg.hashsalt": OURS, "svg.fonttype": "none"}):
        figure.savefig(picture, format="svg", metadata={"Date": None})
    picture.write_text(
        "\n".join(line.rstrip() for line in picture.read_text(encoding="utf-8").splitlines()) + "\n", encoding="utf-8"
    )
