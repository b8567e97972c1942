"""Has it become slower than the committed result? Both are divided by their machine's speed in one loop."""

from collections.abc import Mapping
from typing import Any

TOLERATED = 0.2
"""Share by which a figure may be worse before it is mentioned."""


def slower(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """A sentence for each figure that is worse than in an earlier result by more than a fifth; none if all is well.

    Args:
        before: what `latest.json` holds.
        now: the same of this run.
    """
    speed = now["calibration"] / before["calibration"]
    wanted = {
        "payments a second": (before["full_path_events_per_s"] * speed, now["full_path_events_per_s"]),
        "core seconds a million": (now["core_seconds_per_million"], before["core_seconds_per_million"] / speed),
    }
    ratios = before["peer_ratios"], now["peer_ratios"]
    wanted |= {f"ratio to {name}": (ratios[0][name], ratios[1][name]) for name in ratios[0] if name in ratios[1]}
    return [
        f"{name}: worse by {better / worse - 1:.0%} than in the committed result"
        for name, (better, worse) in wanted.items()
        if better > worse * (1 + TOLERATED)
    ]
