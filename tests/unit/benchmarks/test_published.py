"""What the pages show is what was measured."""

from typing import Any

import pytest
from benchmarks.kept_results import LATEST, kept
from benchmarks.published import PAGES, table_of_latencies, table_of_scale, tables, with_table

SCALE: dict[str, Any] = {
    "stored_rows": {
        "0": {"events_per_s": 20_000, "core_seconds_per_million": 60.4, "megabytes": 1_000},
        "10000000": {"events_per_s": 15_000, "core_seconds_per_million": 70.0, "megabytes": 1_000},
    }
}


@pytest.mark.parametrize("name", list(tables(kept())) if LATEST.exists() else [])
def test_a_page_shows_the_committed_results(name: str) -> None:
    page = PAGES[name].read_text(encoding="utf-8")

    assert with_table(page, name, tables(kept())[name]) == page, "run `python -m benchmarks draw`"


def test_a_step_is_told_beside_the_first() -> None:
    assert "| stored rows | 10,000,000 | 15,000 | 0.75 | 70 | 1,000 |" in table_of_scale({"scale": SCALE})


def test_a_latency_without_alerts_says_so() -> None:
    one = {"p50": 58, "p99": 1_310, "alert_p50": None, "alert_p99": None}

    assert "| 1,000 | 58 ms / 1,310 ms | not measured |  |" in table_of_latencies({"latency_ms": {"1000": one}})


def test_a_table_takes_the_place_of_the_one_before() -> None:
    page = "# A\n<!-- measured: peers -->\n\n| old |\n\n<!-- end: peers -->\nB\n"

    assert with_table(page, "peers", "| new |") == page.replace("old", "new")


def test_a_page_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(LookupError, match="no place for the table scale"):
        with_table("# A\n", "scale", "| new |")


def test_results_without_a_part_have_no_table_of_it() -> None:
    assert list(tables({"scale": SCALE, "latency_ms": {}})) == ["scale"]
