"""What the checks have counted so far, with a few named examples of everything that is wrong."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from fraudstream.features.events import Floats, Ints

EXAMPLES = 5
"""Examples kept of each kind of error."""


@dataclass
class Findings:
    """Counts of records, of rows and of errors; see `report.Balance` and `amounts.Amounts` for what each means."""

    log_records: int = 0
    scored: int = 0
    quarantined: int = 0
    repeats: int = 0
    in_flight: int = 0
    lost: int = 0
    duplicated: int = 0
    phantom: int = 0
    mismatched: int = 0
    mismatch_checked: int = 0
    max_abs_difference: float = 0.0
    slices: int = 0
    wrong_slices: int = 0
    amount_acknowledged: int = 0
    amount_acknowledged_log: int = 0
    amount_log: int = 0
    amount_scored: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)
    _latency_ms: "array[float]" = field(default_factory=lambda: array("f"))

    def name(self, kind: str, cases: Iterable[str]) -> None:
        """Remember the first few cases of one kind of error."""
        kept = self.examples.setdefault(kind, [])
        kept += [case for case, _ in zip(cases, range(EXAMPLES - len(kept)), strict=False)]

    def name_places(self, kind: str, partition: int, offsets: Ints) -> None:
        """Remember the first few places of one kind of error."""
        if len(offsets):
            self.name(kind, (f"partition {partition} offset {offset}" for offset in offsets[:EXAMPLES].tolist()))

    def add_latencies(self, seconds: Floats) -> None:
        """Remember how long after its arrival each payment's score was committed."""
        self._latency_ms.frombytes((seconds * 1e3).astype(np.float32).tobytes())

    def latency_ms(self, quantiles: Sequence[float]) -> list[float | None]:
        """Quantiles of those latencies, in milliseconds; empty where nothing was scored."""
        if not self._latency_ms:
            return [None] * len(quantiles)
        return [round(float(q), 3) for q in np.quantile(np.frombuffer(self._latency_ms, np.float32), quantiles)]
