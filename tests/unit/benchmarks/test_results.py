"""What a comparison says: medians, ratios, and nothing of whoever did not do what it should."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.chart import draw_peers, draw_scale
from benchmarks.kept_results import keep, keep_scale, kept, told_regressions
from benchmarks.latency import Latency
from benchmarks.regression import slower
from benchmarks.results import Comparison
from benchmarks.round_of_peers import Result


def result(name: str, rate: float, error: str = "") -> Result:
    return Result(name, 1_000, rate, 30.0, 500.0, error)


ROUNDS = [
    [result("fraudstream", 40_000.0), result("loop, batched", 50_000.0), result("Quix, per event", 4_000.0)],
    [result("fraudstream", 44_000.0), result("loop, batched", 40_000.0), result("Quix, per event", 1.0, "it died")],
    [result("fraudstream", 10_000.0), result("loop, batched", 10_000.0), result("Quix, per event", 4_000.0)],
]
LATENCY = Latency(1_000.0, 30_000, 0, 58.2, 131.4, float("nan"), float("nan"))
COMPARISON = Comparison({"cores": 2}, {"large": 1_000}, ROUNDS, 12.3, "abc", 1_000.0, [LATENCY])


def test_medians_are_compared_and_ours_comes_first() -> None:
    assert [(one.name, one.rate) for one in COMPARISON.medians.values()][:2] == [
        ("fraudstream", 40_000.0),
        ("loop, batched", 40_000.0),
    ]
    assert COMPARISON.ratios == {"loop, batched": 1.0}


def test_who_failed_once_has_no_ratio_and_says_why() -> None:
    said = COMPARISON.to_json()

    assert said["failed"] == {"Quix, per event": "it died"}
    assert said["peer_ratios"] == {"loop, batched": 1.0}
    assert "failed: it died" in COMPARISON.to_markdown()


@pytest.mark.parametrize("name", ["fraudstream", "loop, batched"])
def test_everybody_stands_in_the_table(name: str) -> None:
    assert f"| {name}: " in COMPARISON.to_markdown()


def test_latency_without_alerts_names_none() -> None:
    alerts = dict.fromkeys(("alert_p50", "alert_p99", "alerts_in_busiest_second"))
    assert COMPARISON.to_json()["latency_ms"] == {"1000": {"p50": 58, "p99": 131, **alerts}}
    assert "notified" not in str(LATENCY)


def test_a_slower_machine_is_no_regression_and_a_slower_scorer_is() -> None:
    before = COMPARISON.to_json()
    half = {"calibration": 500.0, "full_path_events_per_s": 20_000, "core_seconds_per_million": 60.0}

    assert slower(before, {**before, **half}) == []
    assert slower(before, {**before, "full_path_events_per_s": 30_000}) == [
        "payments a second: worse by 33% than in the committed result"
    ]
    assert [sentence.split(":")[0] for sentence in slower(before, {**before, "core_seconds_per_million": 40.0})] == [
        "core seconds a million"
    ]
    assert slower(before, {**before, "peer_ratios": {"loop, batched": 0.5}}) == [
        "ratio to loop, batched: worse by 100% than in the committed result"
    ]


def test_results_are_added_to_what_is_kept_and_drawn_the_same_each_time(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    assert told_regressions(COMPARISON.to_json(), file) == [
        "there is no committed result in latest.json to compare with"
    ]
    step: dict[str, Any] = {"events_per_s": 40_000}
    keep({"scale": {"customers": {"10000": step, "100000": step}, "workers": {"1": step}}}, file)
    assert told_regressions(COMPARISON.to_json(), file) == [
        "there is no committed result in latest.json to compare with"
    ]
    keep(COMPARISON.to_json(), file)
    assert {"scale", "peer_ratios"} <= json.loads(file.read_text()).keys()
    assert told_regressions(COMPARISON.to_json(), file) == ["nothing is slower than the committed result by a fifth"]

    pictures = []
    for turn in range(2):
        draw_peers(kept(file), tmp_path / f"peers{turn}.svg")
        draw_scale(kept(file), tmp_path / f"scale{turn}.svg")
        pictures.append([(tmp_path / f"{name}{turn}.svg").read_text() for name in ("peers", "scale")])
    assert pictures[0] == pictures[1]
    assert "Quix" not in pictures[0][0]
    assert "customers with a state" in pictures[0][1]


def test_results_that_are_not_there_are_named_with_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"latest\.json is not there: `make bench` makes it"):
        kept(tmp_path / "latest.json")


def test_a_dimension_measured_again_replaces_itself_alone(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    keep_scale({"customers": {"10000": 1}, "workers": {"1": 2}}, file)
    keep_scale({"customers": {"10000": 3}}, file)

    assert kept(file) == {"scale": {"customers": {"10000": 3}, "workers": {"1": 2}}}
