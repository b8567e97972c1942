"""What a comparison says: medians, ratios, and nothing of whoever did not do what it should."""

import json

import pytest
from benchmarks.results import Comparison
from benchmarks.round_of_peers import Result


def result(name: str, rate: float, error: str = "") -> Result:
    return Result(name, 1_000, rate, 30.0, 500.0, error)


ROUNDS = [
    [result("fraudstream", 40_000.0), result("loop, batched", 50_000.0), result("Quix, per event", 4_000.0)],
    [result("fraudstream", 44_000.0), result("loop, batched", 40_000.0), result("Quix, per event", 1.0, "it died")],
    [result("fraudstream", 10_000.0), result("loop, batched", 10_000.0), result("Quix, per event", 4_000.0)],
]
COMPARISON = Comparison({"cores": 2}, {"large": 1_000}, ROUNDS, 12.3, "abc")


def test_medians_are_compared_and_ours_comes_first() -> None:
    assert [(one.name, one.rate) for one in COMPARISON.medians.values()][:2] == [
        ("fraudstream", 40_000.0),
        ("loop, batched", 40_000.0),
    ]
    assert COMPARISON.ratios == {"loop, batched": 1.0}


def test_who_failed_once_has_no_ratio_and_says_why() -> None:
    said = json.loads(COMPARISON.to_json())

    assert said["failed"] == {"Quix, per event": "it died"}
    assert said["peer_ratios"] == {"loop, batched": 1.0}
    assert "failed: it died" in COMPARISON.to_markdown()


@pytest.mark.parametrize("name", ["fraudstream", "loop, batched"])
def test_everybody_stands_in_the_table(name: str) -> None:
    assert f"| {name}: " in COMPARISON.to_markdown()
