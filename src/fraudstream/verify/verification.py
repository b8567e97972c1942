"""One verification from beginning to end: wait, read the journals, take the snapshot, check, follow the alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fraudstream.clock import Clock
from fraudstream.ports.ledger import AlertFacts, FirstAlert, Ledger, LedgerSnapshot
from fraudstream.ports.records import LogReader
from fraudstream.progress import Report, unreported
from fraudstream.recorded.windows import WINDOW_RECORDS
from fraudstream.verify.alert_path import AlertPath, follow
from fraudstream.verify.amounts import Amounts
from fraudstream.verify.checker import Checker
from fraudstream.verify.drain import Drain
from fraudstream.verify.findings import EXAMPLES, Findings
from fraudstream.verify.journal import UNNAMED, Journal, read_journals
from fraudstream.verify.report import Balance, Latency, LeftOut
from fraudstream.verify.scripted import scripted_transactions


@dataclass(frozen=True)
class Verification:
    """What is verified, and with what.

    `max_future` is how many seconds a payment may lie beyond the broker's time, as the scorer was told;
    `window_records` is how many records are held in memory at a time, about; `report` is told how many scores have
    been gone over, and `told` how many alerts are notified or held.
    """

    topic: str
    ledger: Ledger
    reader: LogReader
    clock: Clock
    journal_dir: Path
    max_future: float
    window_records: int = WINDOW_RECORDS
    report: Report = unreported
    told: Report = unreported

    def run(self, *, seed: int, wait_seconds: float, parity: bool = False) -> Balance:
        """Verify; with `parity` every customer is recomputed and not a sample that `seed` chooses.

        The order matters on a running stack: what a journal acknowledges is in the log that is looked at later, and
        what a snapshot of the ledger holds is in the log that is looked at after it.
        """
        drain = Drain(self.ledger, self.clock, self.clock.monotonic() + wait_seconds, self.told)
        begun = self.reader.describe(self.topic)
        behind = drain.settled(begun.topic_id, {p: end for p, (_, end) in begun.bounds.items()})
        scripted = scripted_transactions(self.journal_dir)
        journal = read_journals(self.journal_dir, self.topic, begun.topic_id)
        with self.ledger.snapshot() as snapshot:
            described = self.reader.describe(self.topic)
            checker = Checker(
                snapshot, self.reader, described, journal, self.max_future, self.window_records, self.report
            )
            findings = checker.run(seed=seed, parity=parity)
            facts = snapshot.alerts()
            first = snapshot.first_alert(scripted) if scripted else None
            known = _Known(snapshot.active_version(), _left_out(journal, snapshot))
        told = drain.told(frozenset(alert for alert, _ in facts.rows))
        path = follow(facts, told.received, told.held, arriving=told.arriving)
        unsent = self.ledger.pending(described.topic_id).unsent
        alerts = _Alerts(facts, path, first, unsent)
        return replace(_balance(journal, findings, alerts, known, behind if wait_seconds else 0), parity=parity)


@dataclass(frozen=True)
class _Known:
    version: str
    left_out: LeftOut


def _left_out(journal: Journal, snapshot: LedgerSnapshot) -> LeftOut:
    unnamed = journal.left_out.get(UNNAMED, 0)
    earlier = sum(files for log, files in journal.left_out.items() if log != UNNAMED and snapshot.positions(log))
    return LeftOut(earlier=earlier, other=sum(journal.left_out.values()) - earlier - unnamed, unnamed=unnamed)


@dataclass(frozen=True)
class _Alerts:
    facts: AlertFacts
    path: AlertPath
    first_scripted: FirstAlert | None
    unsent: int


def _balance(journal: Journal, findings: Findings, alerts: _Alerts, known: _Known, overdue: int) -> Balance:
    p50, p99 = findings.latency_ms((0.5, 0.99))
    first = alerts.first_scripted
    return Balance(
        journals=journal.files,
        journals_left_out=known.left_out,
        produced=journal.produced,
        acknowledged=len(journal.acknowledged),
        failed=journal.failed,
        unknown=journal.unknown,
        log_records=findings.log_records,
        scored=findings.scored,
        quarantined=findings.quarantined,
        repeats_dropped=findings.repeats,
        in_flight=findings.in_flight,
        overdue=overdue,
        lost=findings.lost,
        duplicated=findings.duplicated,
        phantom=findings.phantom,
        mismatched=findings.mismatched,
        mismatch_checked=findings.mismatch_checked,
        max_abs_difference=findings.max_abs_difference,
        slices=findings.slices,
        wrong_slices=findings.wrong_slices,
        alerts=alerts.path.alerts,
        alerts_missing=len(alerts.path.missing),
        alerts_unfounded=len(alerts.path.unfounded),
        alerts_unpublished=len(alerts.path.unpublished) + alerts.facts.unread,
        notified=alerts.path.notified,
        held=len(alerts.path.held),
        delivering=len(alerts.path.delivering),
        repeats=alerts.path.repeats,
        pending_outbox=alerts.unsent,
        scripted_fraud_alert_ms=None if first is None else round((first.committed_at - first.log_time) * 1e3, 3),
        latency_ms=Latency(p50=p50, p99=p99),
        model_version=known.version,
        amounts=_amounts(findings, alerts.facts),
        examples=_examples(findings, alerts.path),
    )


def _amounts(findings: Findings, facts: AlertFacts) -> Amounts:
    return Amounts(
        acknowledged=findings.amount_acknowledged,
        acknowledged_log=findings.amount_acknowledged_log,
        log=findings.amount_log,
        scored=findings.amount_scored,
        flagged=facts.amounts.flagged,
        alerts=facts.amounts.rows,
        outbox=facts.amounts.published,
    )


def _examples(findings: Findings, path: AlertPath) -> Mapping[str, tuple[str, ...]]:
    cases: dict[str, tuple[object, ...]] = {
        "alerts missing": path.missing,
        "alerts unfounded": path.unfounded,
        "alerts unpublished": path.unpublished,
        "alerts unnotified": path.unnotified,
    }
    named = {kind: tuple(str(case) for case in some[:EXAMPLES]) for kind, some in cases.items() if some}
    return {kind: tuple(some) for kind, some in findings.examples.items() if some} | named
