"""The committed results as the tables that README.md and docs/scale.md show, written from them alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS
from benchmarks.paper import Assumptions, on_paper

OURS = "fraudstream"
WHAT = {one.name: one.what for one in CONTENDERS} | {OURS: "everything stored exactly once, alerts and states"}
ROOT = Path(__file__).resolve().parent.parent
PAGES = {"peers": ROOT / "README.md", "latency": ROOT / "README.md", "scale": ROOT / "docs" / "scale.md"}
PAGES["paper"] = PAGES["scale"]
PICTURES = ROOT / "docs" / "images"
"""Where the pages have the charts of the committed results."""
"""Which page shows which table, between two comments that name it."""


def table_of_peers(results: Mapping[str, Any]) -> str:
    """Everybody's median, ours first, then the fastest first."""
    lines = [
        "| | payments a second | slowest to fastest round | core seconds a million | memory, MB | fraudstream is |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, one in results["medians"].items():
        if one["error"]:
            lines.append(f"| {name}: {WHAT[name]} | failed: {one['error'].splitlines()[0][:80]} | | | | |")
            continue
        ratio = "" if name == OURS else f"{results['peer_ratios'][name]:.1f}x as fast"
        slowest, fastest = results["spread"][name]
        lines.append(
            f"| {name}: {WHAT[name]} | {one['rate']:,.0f} | {slowest:,.0f} to {fastest:,.0f} "
            f"| {one['core_seconds_per_million']:,.0f} | {one['megabytes']:,.0f} | {ratio} |"
        )
    return "\n".join(lines)


def table_of_latencies(results: Mapping[str, Any]) -> str:
    """Milliseconds at each rate that was sent."""
    lines = [
        "| payments sent a second | to commit, p50 / p99 | to notification, p50 / p99 | alerts in a second, at most |",
        "| ---: | ---: | ---: | ---: |",
    ]
    for rate, one in results["latency_ms"].items():
        told = "not measured" if one["alert_p50"] is None else f"{one['alert_p50']:,} ms / {one['alert_p99']:,} ms"
        busiest = one.get("alerts_in_busiest_second") or ""
        lines.append(f"| {int(rate):,} | {one['p50']:,} ms / {one['p99']:,} ms | {told} | {busiest} |")
    return "\n".join(lines)


def table_of_scale(results: Mapping[str, Any]) -> str:
    """Each step of what grows, with its rate beside the first step's."""
    lines = [
        "| what grows | to | payments a second | beside the first | core seconds a million | memory, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for dimension, steps in results["scale"].items():
        first = next(iter(steps.values()))["events_per_s"]
        lines += [
            f"| {dimension.replace('_', ' ')} | {int(step):,} | {one['events_per_s']:,} "
            f"| {one['events_per_s'] / first:.2f} | {one['core_seconds_per_million']:,.0f} | {one['megabytes']:,} |"
            for step, one in steps.items()
        ]
    return "\n".join(lines)


def tables(results: Mapping[str, Any]) -> dict[str, str]:
    """Every table that these results have something for, by its name."""
    found = {}
    if "medians" in results:
        found["peers"] = table_of_peers(results)
        found["paper"] = on_paper(results, Assumptions())
    if results.get("latency_ms"):
        found["latency"] = table_of_latencies(results)
    if "scale" in results:
        found["scale"] = table_of_scale(results)
    return found


def with_table(page: str, name: str, table: str) -> str:
    """A page with this table between its comments `<!-- measured: name -->` and `<!-- end: name -->`.

    Raises:
        LookupError: the page has no place for it.
    """
    begin, end = f"<!-- measured: {name} -->\n", f"<!-- end: {name} -->"
    before, begun, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise LookupError(f"there is no place for the table {name}: {begin.strip()} and {end}")
    return f"{before}{begin}\n{table}\n\n{end}{after}"


def publish(results: Mapping[str, Any]) -> None:
    """Write the tables into the pages that show them."""
    for name, table in tables(results).items():
        page = PAGES[name]
        page.write_text(with_table(page.read_text(encoding="utf-8"), name, table), encoding="utf-8")
