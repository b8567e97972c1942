"""What a run of faults ends in: counts, recoveries, and whether every promise held."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from fraudstream.adapters.database.vitals import Order
from fraudstream.verify.report import Balance


@dataclass(frozen=True)
class Recovery:
    """A fault, and the seconds from its end to the next sign of life of what it disturbed."""

    fault: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished run.

    `faults` were made, `not_made` could not be, each with the reason; `stops` are the longest times, in seconds, that
    processes took to stop when they were asked to.
    """

    seed: int
    kills: int
    faults: Mapping[str, int]
    not_made: Mapping[str, str]
    recoveries: tuple[Recovery, ...]
    stops: Mapping[str, float]
    balance: Balance
    order: Order
    seconds: float
    problems: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, doubled, changed or out of order, and something was done to it."""
        return not self.all_problems

    @property
    def all_problems(self) -> tuple[str, ...]:
        """The run's, the order's and the balance's; that nothing was killed is one, since then nothing was proved."""
        done = () if self.kills else ("no part was killed, so nothing is proved",)
        return (*done, *self.problems, *out_of_order(self.order), *self.balance.problems)

    def to_json(self) -> str:
        """The outcome in one line."""
        line = {
            "seed": self.seed,
            "kills": self.kills,
            "faults": dict(self.faults),
            "not_made": dict(self.not_made),
            **sums(self.balance, self.order),
            "recovery_seconds": quantiles([recovery.seconds for recovery in self.recoveries]),
            "slowest_recovery": slowest(self.recoveries),
            "stop_seconds": {name: round(seconds, 1) for name, seconds in sorted(self.stops.items())},
            "seconds": round(self.seconds, 1),
            "holds": self.holds,
            "problems": self.all_problems,
        }
        return msgspec.json.encode(line).decode()


def out_of_order(order: Order) -> tuple[str, ...]:
    """What is wrong with an order, each in a few words."""
    found = {
        f"{order.misordered} payments scored before an earlier one of their customer": order.misordered,
        f"{order.alerts_doubled} alerts stored twice": order.alerts_doubled,
    }
    return tuple(sentence for sentence, wrong in found.items() if wrong)


def sums(balance: Balance, order: Order) -> dict[str, int]:
    """What a balance and an order come to, by the names of the last line."""
    return {
        "produced": balance.produced,
        "log_records": balance.log_records,
        "scored": balance.scored,
        "quarantined": balance.quarantined,
        "repeats_dropped": balance.repeats_dropped,
        "lost": balance.lost,
        "duplicated": balance.duplicated,
        "phantom": balance.phantom,
        "mismatched": balance.mismatched,
        "mismatch_checked": balance.mismatch_checked,
        "misordered": order.misordered,
        "alerts": balance.alerts,
        "alerts_missing": balance.alerts_missing + balance.alerts_unpublished,
        "alerts_unfounded": balance.alerts_unfounded,
        "alerts_doubled": order.alerts_doubled,
        "notified": balance.notified,
        "repeats": balance.repeats,
    }


def quantiles(seconds: list[float]) -> dict[str, float | None]:
    """Median and largest of some durations; nothing where there are none."""
    if not seconds:
        return {"p50": None, "max": None}
    return {"p50": round(float(np.median(seconds)), 1), "max": round(max(seconds), 1)}


def slowest(recoveries: tuple[Recovery, ...]) -> dict[str, float]:
    """For each fault, the longest it took to recover from it."""
    longest: dict[str, float] = {}
    for recovery in recoveries:
        longest[recovery.fault] = max(longest.get(recovery.fault, 0.0), round(recovery.seconds, 1))
    return dict(sorted(longest.items()))
