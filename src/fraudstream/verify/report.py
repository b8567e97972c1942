"""The balance: what was counted, whether it holds, and the one line of JSON that says so to machines."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from fraudstream.verify.amounts import Amounts


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Quantiles in milliseconds; empty where nothing was scored."""

    p50: float | None
    p99: float | None


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Journals that are not of the log that was verified, by the reason.

    `earlier` are of a log that was scored into this database before, as of a topic that was made anew; `other` of one
    that this database knows nothing of; `unnamed` name no log, because an older version wrote them.
    """

    earlier: int = 0
    other: int = 0
    unnamed: int = 0

    @property
    def count(self) -> int:
        """All of them."""
        return self.earlier + self.other + self.unnamed


@dataclass(frozen=True, kw_only=True)
class Balance:
    """The result of one verification; every count is of the log of payments that stands now.

    `produced` .. `unknown` are the journals' of this log (`journals` files, beside those of `journals_left_out`):
    records meant to be sent, acknowledged, failed, and without an outcome. `log_records` is split by log position into
    `scored`, `quarantined`, `repeats_dropped` (same id, same body as a scored record) and `in_flight` (at or behind
    the position); `overdue` of these were in the log before the wait and are not scored after it. `lost`: acknowledged
    or in the log, and in none of these. `duplicated`: stored twice. `phantom`: stored, but not in the log.
    `mismatched`: stored otherwise than the oracle and the log say, `mismatch_checked` scores were recomputed (with
    `parity` every one was asked for), `max_abs_difference` is the largest distance of a feature. `wrong_slices` say
    otherwise than what is stored for them. `alerts_missing`, `alerts_unfounded` and `alerts_unpublished` compare
    decisions, alerts and outbox; `held` alerts are kept back by the breaker and belong there; `delivering` ones had no
    notification yet when the longest wait was over, while others were still being notified; `repeats` are
    notifications beyond an alert's first; `pending_outbox` messages are due and not sent. `latency_ms` runs from the
    broker's time of a payment to the commit of its score. `amounts` are sums of money. `examples` names a few cases of
    each kind of error.
    """

    journals: int
    produced: int
    acknowledged: int
    failed: int
    unknown: int
    log_records: int
    scored: int
    quarantined: int
    repeats_dropped: int
    in_flight: int
    overdue: int
    lost: int
    duplicated: int
    phantom: int
    mismatched: int
    mismatch_checked: int
    max_abs_difference: float
    slices: int
    wrong_slices: int
    alerts: int
    alerts_missing: int
    alerts_unfounded: int
    alerts_unpublished: int
    notified: int
    held: int
    repeats: int
    pending_outbox: int
    scripted_fraud_alert_ms: float | None
    latency_ms: Latency
    model_version: str
    parity: bool = False
    delivering: int = 0
    journals_left_out: LeftOut = LeftOut()
    amounts: Amounts = field(default_factory=Amounts)
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def conserved(self) -> bool:
        """Whether every record of the log is accounted for exactly once."""
        return self.log_records == self.scored + self.quarantined + self.repeats_dropped + self.in_flight

    @property
    def unnotified(self) -> int:
        """Alerts that are neither notified nor held nor on their way."""
        return self.alerts - self.notified - self.held - self.delivering

    @property
    def unchecked(self) -> bool:
        """Whether some score was not recomputed: in a sample, or because the log has forgotten its customer's past."""
        return self.scored != self.mismatch_checked

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, each in a few words; empty where the balance holds."""
        found = {
            "records are not accounted for exactly once": not self.conserved,
            f"{self.overdue} records were not scored in time": self.overdue,
            f"{self.lost} lost": self.lost,
            f"{self.duplicated} duplicated": self.duplicated,
            f"{self.phantom} phantom": self.phantom,
            f"{self.mismatched} mismatched": self.mismatched,
            "no score was recomputed": self.mismatch_checked == 0,
            f"{self.scored - self.mismatch_checked} scores were not recomputed": self.parity and self.unchecked,
            f"{self.wrong_slices} slices say otherwise than their rows": self.wrong_slices,
            f"{self.alerts_missing} alerts decided but not stored": self.alerts_missing,
            f"{self.alerts_unfounded} alerts stored but not decided": self.alerts_unfounded,
            f"{self.alerts_unpublished} alerts not exactly once in the outbox": self.alerts_unpublished,
            f"{self.unnotified} alerts without a notification": self.unnotified != 0,
        }
        return (*(sentence for sentence, wrong in found.items() if wrong), *self.amounts.problems)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong, and something was checked."""
        return not self.problems

    def to_json(self) -> str:
        """The balance in one line, with `holds` and `problems`; sums of money are `amount_log`, `amount_scored`, ..."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "amounts"}
        said.update(self.amounts.said(), holds=self.holds, problems=self.problems)
        return msgspec.json.encode(said).decode()
