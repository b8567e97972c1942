"""What was measured, as a table that people read and as JSON that programs read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.arena import OURS
from benchmarks.latency import Latency
from benchmarks.published import table_of_peers
from benchmarks.round_of_peers import Result, middle


@dataclass(frozen=True)
class Comparison:
    """Everybody in every round, and where that was.

    `payments` are the sizes of the logs, `model` the digest of the model; `seconds` is how long everything took and
    `calibration` how fast the machine was, in turns a second of a loop.
    """

    machine: Mapping[str, object]
    payments: Mapping[str, int]
    rounds: Sequence[Sequence[Result]]
    seconds: float
    model: str
    calibration: float
    latency: Sequence[Latency] = ()

    @property
    def medians(self) -> dict[str, Result]:
        """The median of each contender's rounds by its name, ours first, then the fastest first."""
        by_name: dict[str, list[Result]] = {}
        for result in (result for results in self.rounds for result in results):
            by_name.setdefault(result.name, []).append(result)
        medians = [middle(results) for results in by_name.values()]
        return {one.name: one for one in sorted(medians, key=lambda one: (one.name != OURS, -one.rate))}

    @property
    def ratios(self) -> dict[str, float]:
        """How many times as fast as each contender ours is, where both have done what they should."""
        ours = self.medians[OURS]
        return {
            one.name: round(ours.rate / one.rate, 2)
            for one in self.medians.values()
            if one.name != OURS and one.rate and not one.error
        }

    @property
    def spread(self) -> dict[str, tuple[float, float]]:
        """The slowest and the fastest round of each contender, in payments a second."""
        return {
            name: (min(rates), max(rates))
            for name in self.medians
            for rates in [[result.rate for results in self.rounds for result in results if result.name == name]]
        }

    def to_json(self) -> dict[str, Any]:
        """Everything, for `benchmarks/results/`."""
        ours = self.medians[OURS]
        return {
            "machine": self.machine,
            "calibration": round(self.calibration, 1),
            "model": self.model,
            "payments": self.payments,
            "full_path_events_per_s": round(ours.rate),
            "core_seconds_per_million": round(ours.core_seconds_per_million, 1),
            "peer_ratios": self.ratios,
            "latency_ms": {f"{one.rate:.0f}": one.to_json() for one in self.latency},
            "medians": {name: asdict(one) for name, one in self.medians.items()},
            "spread": self.spread,
            "failed": {name: one.error for name, one in self.medians.items() if one.error},
            "rounds": [[asdict(result) for result in results] for results in self.rounds],
            "seconds": round(self.seconds),
        }

    def to_markdown(self) -> str:
        """A table with the fastest peer first."""
        return table_of_peers(self.to_json())
