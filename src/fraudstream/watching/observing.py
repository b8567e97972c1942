"""The observer's work: what the ledger and the log say of the stream, put on a board."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fraudstream.adapters.database.ledger_watch import LedgerLook
from fraudstream.contracts.quarantine import QUARANTINE_REASONS
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import (
    STREAM_ALERTS,
    STREAM_LAG,
    STREAM_LATENCY,
    STREAM_MODEL,
    STREAM_NOTIFIED,
    STREAM_QUARANTINED,
    STREAM_RATE,
    STREAM_RECENT,
    STREAM_RECORDS,
    STREAM_UNACCOUNTED,
)
from fraudstream.ports.records import TopicPartitions

RECENTLY = 60.0
"""Seconds over which rate and quantiles are taken."""
QUANTILES = {"0.5": 50, "0.99": 99}
STAGES = ("score", "alert", "notification")


@dataclass
class StreamShown:
    """Shows look after look on the board of the process `observer`."""

    board: Board
    _looks: deque[tuple[float, int, Mapping[str, Sequence[float]]]] = field(default_factory=deque)
    """Monotonic moment, records since the one before, latencies by stage."""
    _unaccounted: int = 0

    def __post_init__(self) -> None:
        """Every series is there from the start, so that its first growth is seen."""
        for stage in STAGES:
            self.board.observe(STREAM_LATENCY, (), stage)
        for reason in QUARANTINE_REASONS:
            self.board.count(STREAM_QUARANTINED, 0, reason)

    def show(self, look: LedgerLook, log: TopicPartitions, *, moment: float) -> None:
        """Show a look of the ledger beside the ends of its log, at `moment` in monotonic seconds."""
        for outcome, count in (("scored", look.scored), ("quarantined", look.quarantined), ("repeat", look.repeats)):
            self.board.count(STREAM_RECORDS, count, outcome)
        for reason, count in look.reasons.items():
            self.board.count(STREAM_QUARANTINED, count, reason)
        self.board.count(STREAM_ALERTS, look.alerts)
        self.board.count(STREAM_NOTIFIED, look.notified)
        self._unaccounted += look.unaccounted
        self.board.set(STREAM_UNACCOUNTED, self._unaccounted)
        self.board.replace(STREAM_MODEL, {} if look.model_version is None else {(look.model_version,): 1})
        self.board.replace(STREAM_LAG, lag(look, log))
        self._show_latencies(look, moment)

    def _show_latencies(self, look: LedgerLook, moment: float) -> None:
        measured: dict[str, Sequence[float]] = dict(
            zip(STAGES, (look.score_latency, look.alert_latency, look.notification_latency), strict=True)
        )
        for stage, seconds in measured.items():
            self.board.observe(STREAM_LATENCY, seconds, stage)
        records = look.scored + look.quarantined + look.repeats
        self._looks.append((moment, records if self._looks else 0, measured))
        while len(self._looks) > 1 and moment - self._looks[1][0] >= RECENTLY:
            self._looks.popleft()
        began = self._looks[0][0]
        recent = list(self._looks)[1:]
        if moment > began:
            self.board.set(STREAM_RATE, sum(records for _, records, _ in recent) / (moment - began))
        quantiles: dict[tuple[str, ...], float] = {}
        for stage in STAGES:
            seconds = [second for _, _, each in recent for second in each[stage]]
            if seconds:
                found = np.percentile(seconds, list(QUANTILES.values()))
                quantiles |= {(stage, name): float(value) for name, value in zip(QUANTILES, found, strict=True)}
        self.board.replace(STREAM_RECENT, quantiles)


def lag(look: LedgerLook, log: TopicPartitions) -> dict[tuple[str, ...], float]:
    """Records that scoring has not reached, by partition."""
    return {
        (str(partition),): max(end - max(look.next_offsets.get((log.topic_id, partition), first), first), 0)
        for partition, (first, end) in log.bounds.items()
    }
